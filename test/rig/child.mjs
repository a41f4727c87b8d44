import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A child process that answers questions. */
export class Child {
  #process;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #questions = new Map();
  #lastId = 0;
  #end;

  /**
   * @param {URL} file
   * @param {readonly string[]} [nodeOptions]
   * @param {Record<string, string>} [env] beside that of this process
   */
  constructor(file, nodeOptions = [], env = {}) {
    const path = fileURLToPath(file);
    this.#process = fork(path, {
      execArgv: [...nodeOptions],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process.on('message', (/** @type {any} */ { id, value, error }) => {
      const question = this.#questions.get(id);
      if (!question) return;
      const { resolve, reject } = question;
      this.#questions.delete(id);
      if (error) reject(new Error(error));
      else resolve(value);
    });
    this.#end = new Promise((resolve) =>
      this.#process.once('exit', (code, signal) => resolve(signal ?? code)),
    );
    this.#process.on('exit', (code, signal) => this.#ended(`${path} ended (${signal ?? code})`));
  }

  /**
   * @param {string} question
   * @param {object} [details]
   * @returns {Promise<any>}
   */
  ask(question, details = {}) {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#questions.set(id, { resolve, reject });
      this.#process.send({ id, question, details }, (error) => error && reject(error));
    });
  }

  get pid() {
    return this.#process.pid;
  }

  /** Resolves when the process has ended, with what it left: its exit code, or the signal that ended it. */
  get ended() {
    return this.#end;
  }

  /** Lets the process exit by itself, so that a profile of it is written. */
  async stop() {
    if (!this.#process.connected) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.disconnect();
    await ended;
  }

  /** @param {string} why */
  #ended(why) {
    for (const { reject } of this.#questions.values()) reject(new Error(why));
    this.#questions.clear();
  }
}

/**
 * Answers the questions of the parent process, and ends with it.
 *
 * @param {Record<string, (details: any) => unknown>} answers
 */
export function answerParent(answers) {
  // The parent may be gone before the answer; `disconnect` follows.
  /** @param {object} message */
  const answer = (message) => process.send?.(message, () => undefined);
  process.on('message', (/** @type {any} */ { id, question, details }) => {
    new Promise((resolve) => resolve(answers[question](details))).then(
      (value) => answer({ id, value }),
      (error) => answer({ id, error: String(error?.stack ?? error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}
