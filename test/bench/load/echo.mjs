import { FrameRing } from '../../rig/client-frame.mjs';

/** Sends on each connection as many messages as came back, in one write. */
class EchoDriver {
  round;
  #ring;
  #sentAt;
  #sent = 0;
  #answered = 0;
  #answersOfRead = 0;

  constructor(connection, { dialect, inFlight }) {
    this.connection = connection;
    this.#ring = new FrameRing(dialect.note);
    this.#sentAt = new Float64Array(inFlight);
    connection.onFrame = (bytes, start) => {
      if (dialect.isAnswer(bytes, start)) this.#answersOfRead++;
    };
    connection.onRead = () => this.#afterRead();
    connection.onEnd = (error) => this.round?.fail(error);
  }

  send(count, now) {
    for (let left = count; left > 0; left--) this.#sentAt[this.#sent++ % this.#sentAt.length] = now;
    this.round.inFlight += count;
    this.connection.write(this.#ring.take(count));
  }

  #afterRead() {
    const answers = this.#answersOfRead;
    if (!answers) return;
    this.#answersOfRead = 0;
    const now = performance.now();
    const { round } = this;
    for (let left = answers; left > 0; left--)
      round.latencies.add(now - this.#sentAt[this.#answered++ % this.#sentAt.length]);
    round.messages += answers;
    round.inFlight -= answers;
    if (round.goesOn(now)) this.send(answers, now);
  }
}

/**
 * Returns what runs a round of echo.
 *
 * @param {readonly import('../../rig/raw-client.mjs').RawClient[]} connections
 * @param {{ dialect: object, inFlight: number }} options
 */
export function driveEcho(connections, options) {
  const drivers = connections.map((connection) => new EchoDriver(connection, options));
  return (round) => {
    const now = performance.now();
    for (const driver of drivers) {
      driver.round = round;
      driver.send(options.inFlight, now);
    }
    return round.done;
  };
}
