import { mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Milliseconds of a clock that all processes of the machine share, and that nobody sets. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The log of one process: one event a line, written at once, so that a killed process leaves all it saw. */
export class EventLog {
  #file;

  /**
   * @param {string} directory
   * @param {string} name
   */
  constructor(directory, name) {
    mkdirSync(directory, { recursive: true });
    this.#file = openSync(join(directory, `${name}.${process.pid}.jsonl`), 'a');
  }

  /**
   * @param {string} kind
   * @param {object} [details]
   */
  write(kind, details = {}) {
    writeSync(this.#file, `${JSON.stringify({ k: kind, at: now(), ...details })}\n`);
  }
}
