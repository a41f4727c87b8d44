import { FrameRing } from '../../rig/client-frame.mjs';
import { checkAnswer, checkRefusal, joinAll } from './connections.mjs';
import { Round } from './round.mjs';

/** Posts a burst through the first connection, and the next one when all connections have all of it. */
class FanOutDriver {
  round;
  #ring;
  #connections;
  #burst;
  #writes;
  #postedAt = 0;
  #missing = 0;

  constructor(connections, { dialect, inFlight, writes = /** @type {any} */ ('joined') }) {
    this.#writes = writes;
    this.#connections = connections;
    this.#burst = inFlight;
    this.#ring = new FrameRing(dialect.note);
    for (const connection of connections) this.#listen(connection, dialect);
  }

  post(now) {
    this.#postedAt = now;
    this.#missing = this.#burst * this.#connections.length;
    this.round.inFlight = this.#missing;
    this.#ring.writeTo(this.#connections[0], this.#burst, this.#writes);
  }

  #listen(connection, dialect) {
    let arrived = 0;
    connection.onFrame = (bytes, start) => {
      if (dialect.isAnswer(bytes, start)) arrived++;
    };
    connection.onRead = () => {
      if (arrived) this.#arrived(arrived);
      arrived = 0;
    };
    connection.onEnd = (error) => this.round?.fail(error);
  }

  #arrived(count) {
    const { round } = this;
    const now = performance.now();
    round.latencies.add(now - this.#postedAt, count);
    round.messages += count;
    this.#missing -= count;
    if (this.#missing) return;
    round.inFlight = 0;
    if (round.goesOn(now)) this.post(now);
  }
}

/**
 * Posts for all; its messages are deliveries.
 *
 * @param {import('./load-process.mjs').Load} load
 */
export async function driveFanOut(load) {
  const { dialect, workload } = load;
  await checkRefusal(load);
  const connections = await joinAll(load);
  await checkAnswer(dialect, connections[0], connections);
  const driver = new FanOutDriver(connections, {
    dialect,
    inFlight: workload.inFlight,
    writes: workload.writes,
  });
  return (ms) => {
    driver.round = new Round(ms);
    driver.post(performance.now());
    return driver.round.done;
  };
}
