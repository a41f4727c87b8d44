// The clock of a Redis that can be moved while it runs: a small library, loaded into that process alone, adds the
// seconds that stand in a file. (libfaketime cannot do it: it allocates, and the allocator of Redis asks for the time.)
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('redis-clock.c', import.meta.url));
const REMEDY = 'Install a C compiler (Debian and Ubuntu: apt install gcc libc6-dev).';

/** The clock of one Redis, on Linux. */
export class RedisClock {
  #directory = mkdtempSync(join(tmpdir(), 'nestwire-clock-'));

  constructor() {
    writeFileSync(this.#file, Buffer.alloc(8));
    try {
      execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', this.#library, SOURCE], { stdio: 'pipe' });
    } catch (cause) {
      this.remove();
      throw new Error(`The clock of Redis cannot be moved here. ${REMEDY}`, { cause });
    }
  }

  /** The environment of the process of Redis. */
  get env() {
    return { LD_PRELOAD: this.#library, REDIS_CLOCK_FILE: this.#file };
  }

  /** Moves the clock so many seconds away from that of the machine. */
  move(seconds) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    // In place: the process has the file mapped.
    const file = openSync(this.#file, 'r+');
    writeSync(file, bytes, 0, bytes.length, 0);
    closeSync(file);
  }

  remove() {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #file() {
    return join(this.#directory, 'offset');
  }

  get #library() {
    return join(this.#directory, 'redis-clock.so');
  }
}
