import { FrameRing } from '../../rig/client-frame.mjs';
import { checkAnswer, checkRefusal, joinAll } from './connections.mjs';
import { Round } from './round.mjs';

const TICK_MS = 1;

/** Sends at a fixed rate, whatever comes back, on one connection after another. */
class PacedDriver {
  #round;
  #lines;
  #perMs;
  #next = 0;

  constructor(connections, { dialect, perSecond }) {
    this.#perMs = perSecond / 1_000;
    this.#lines = connections.map((connection) => this.#lineOf(connection, dialect));
  }

  run(ms) {
    const round = new Round(ms);
    this.#round = round;
    const startedAt = performance.now();
    let sent = 0;
    const ticks = setInterval(() => {
      const now = performance.now();
      if (!round.goesOn(now)) return clearInterval(ticks);
      for (const due = (now - startedAt) * this.#perMs; sent < due; sent++) this.#send();
    }, TICK_MS);
    return round.done;
  }

  #send() {
    const line = this.#lines[this.#next++ % this.#lines.length];
    this.#round.inFlight++;
    line.sentAt.push(performance.now());
    line.connection.write(line.ring.take(1));
  }

  #lineOf(connection, dialect) {
    const line = { connection, ring: new FrameRing(dialect.note), sentAt: [] };
    connection.onFrame = (bytes, start) => {
      if (dialect.isAnswer(bytes, start)) this.#answered(line);
    };
    connection.onEnd = (error) => this.#round?.fail(error);
    return line;
  }

  #answered(line) {
    const round = this.#round;
    const now = performance.now();
    round.latencies.add(now - line.sentAt.shift());
    round.messages++;
    round.inFlight--;
    round.goesOn(now);
  }
}

/**
 * Sends what the workload says in a second, spread over the connections.
 *
 * @param {import('./load-process.mjs').Load} load
 */
export async function drivePaced(load) {
  await checkRefusal(load);
  const connections = await joinAll(load);
  await checkAnswer(load.dialect, connections[0], connections.slice(0, 1));
  const driver = new PacedDriver(connections, { dialect: load.dialect, perSecond: load.perSecond });
  return (ms) => driver.run(ms);
}
