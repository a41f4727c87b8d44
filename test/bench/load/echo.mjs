import { FrameRing } from '../../rig/client-frame.mjs';
import { checkAnswer, checkRefusal, joinAll } from './connections.mjs';
import { Round } from './round.mjs';

/** Sends on each connection as many messages as came back. */
class EchoDriver {
  round;
  #ring;
  #sentAt;
  #sent = 0;
  #answered = 0;
  #answersOfRead = 0;
  #writes;

  constructor(connection, { dialect, inFlight, writes = /** @type {any} */ ('joined') }) {
    this.#writes = writes;
    this.connection = connection;
    this.#ring = new FrameRing(dialect.note, dialect.frameOf);
    this.#sentAt = new Float64Array(inFlight);
    const answersIn = answerCounterOf(dialect);
    connection.onFrame = (bytes, start, end) => {
      this.#answersOfRead += answersIn(bytes, start, end);
    };
    connection.onRead = () => this.#afterRead();
    connection.onEnd = (error) => this.round?.fail(error);
  }

  send(count, now) {
    for (let left = count; left > 0; left--) this.#sentAt[this.#sent++ % this.#sentAt.length] = now;
    this.round.inFlight += count;
    this.#ring.writeTo(this.connection, count, this.#writes);
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

/** Returns the function that counts the answers in a frame; a cumulative one answers several messages. */
function answerCounterOf({ answerCounter, isAnswer }) {
  return answerCounter?.() ?? ((bytes, start) => (isAnswer(bytes, start) ? 1 : 0));
}

/**
 * Keeps as many messages in flight on each connection as the workload says.
 *
 * @param {import('./load-process.mjs').Load} load
 */
export async function driveEcho(load) {
  const { dialect, workload } = load;
  await checkRefusal(load);
  const connections = await joinAll(load);
  await checkAnswer(dialect, connections[0], connections.slice(0, 1));
  const drivers = connections.map(
    (connection) =>
      new EchoDriver(connection, { dialect, inFlight: workload.inFlight, writes: workload.writes }),
  );
  return (ms) => {
    const round = new Round(ms);
    const now = performance.now();
    for (const driver of drivers) {
      driver.round = round;
      driver.send(workload.inFlight, now);
    }
    return round.done;
  };
}
