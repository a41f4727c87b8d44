import { FrameRing } from '../../rig/client-frame.mjs';

// More than are ever on their way.
const SLOTS = 128;

/** Posts through the first connection; each post is done when the last connection has it. */
class FanOutDriver {
  round;
  #ring;
  #connections;
  #postedAt = new Float64Array(SLOTS);
  #receivers = new Uint32Array(SLOTS);
  #posted = 0;

  constructor(connections, { dialect }) {
    this.#connections = connections;
    this.#ring = new FrameRing(dialect.note);
    for (const connection of connections) this.#listen(connection, dialect);
  }

  post(count, now) {
    for (let left = count; left > 0; left--) this.#postedAt[this.#posted++ % SLOTS] = now;
    this.round.inFlight += count;
    this.#connections[0].write(this.#ring.take(count));
  }

  #listen(connection, dialect) {
    // Of each connection by itself: posts arrive in order, so the number of a post is how many came before.
    let received = 0;
    let now = 0;
    connection.onFrame = (bytes, start) => {
      if (!dialect.isAnswer(bytes, start)) return;
      now ||= performance.now();
      this.#arrived(received++ % SLOTS, now);
    };
    connection.onRead = () => (now = 0);
    connection.onEnd = (error) => this.round?.fail(error);
  }

  #arrived(slot, now) {
    const { round } = this;
    round.latencies.add(now - this.#postedAt[slot]);
    round.messages++;
    if (++this.#receivers[slot] < this.#connections.length) return;
    this.#receivers[slot] = 0;
    round.inFlight--;
    if (round.goesOn(now)) this.post(1, now);
  }
}

/**
 * Returns what runs a round of fan-out; its messages are deliveries.
 *
 * @param {readonly import('../../rig/raw-client.mjs').RawClient[]} connections
 * @param {{ dialect: object, inFlight: number }} options
 */
export function driveFanOut(connections, options) {
  const driver = new FanOutDriver(connections, options);
  return (round) => {
    driver.round = round;
    driver.post(options.inFlight, performance.now());
    return round.done;
  };
}
