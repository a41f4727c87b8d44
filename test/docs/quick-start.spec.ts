import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { compileFolder } from '../rig/compile-folder.js';
import { AppModule } from './quick-start/app.module.js';

const SOURCE = new URL('quick-start/', import.meta.url);
const DEADLINE_MS = 15_000;

describe('docs/quick-start.md', () => {
  let app: INestApplication;
  let url: string;
  let program: string;
  const terminals: Terminal[] = [];

  const open = (author: string) => {
    const terminal = new Terminal(program, [author, url]);
    terminals.push(terminal);
    return terminal;
  };

  beforeAll(async () => {
    program = fileURLToPath(new URL('terminal.js', compileFolder(SOURCE, 'quick-start')));
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = testing.createNestApplication();
    await app.listen(0, '127.0.0.1');
    url = (await app.getUrl()).replace('http', 'ws') + '/streams';
  });

  afterAll(async () => {
    await Promise.all(terminals.map((terminal) => terminal.close()));
    await app?.close();
  });

  it('lets two terminals talk', async () => {
    const [ada, grace] = [open('Ada'), open('Grace')];
    grace.type('Hello?');
    await grace.prints('Grace: Hello?');
    ada.type('Loud and clear.');
    await grace.prints('Ada: Loud and clear.');
    grace.type('So are you.');
    await ada.prints('Grace: So are you.');
  }, 30_000);

  it('refuses what the class does not allow, and says where', async () => {
    const terminal = open('A'.repeat(65));
    await terminal.prints('(connected)');
    terminal.type('Hello?');
    await terminal.prints('INVALID_MESSAGE');
    await terminal.prints('author must be shorter than or equal to 64 characters');
    expect(await terminal.close()).toBe(1);
  }, 30_000);
});

/** A process that runs the page's terminal client. */
class Terminal {
  readonly #child: ChildProcess;
  #output = '';

  constructor(program: string, argv: readonly string[]) {
    this.#child = spawn(process.execPath, [program, ...argv], { stdio: 'pipe' });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
  }

  type(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  /** Waits until the text has been printed. */
  async prints(text: string): Promise<void> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const { stdout, stderr } = this.#child;
    while (!this.#output.includes(text))
      await Promise.race([once(stdout!, 'data', { signal }), once(stderr!, 'data', { signal })]).catch(() => {
        throw new Error(`"${text}" was not printed, but:\n${this.#output}`);
      });
  }

  /** Ends the input, as Ctrl-D does, and returns the exit code. */
  async close(): Promise<number | null> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }
}
