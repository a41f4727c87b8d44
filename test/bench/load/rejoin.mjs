import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameRing } from '../../rig/client-frame.mjs';
import { checkAnswer, checkRefusal } from './connections.mjs';
import { Round } from './round.mjs';
import { required } from '../../rig/required.mjs';

// Below the backlog of a listening socket: a connect beyond it waits a second for its next attempt.
const CONNECTS_AT_ONCE = 250;
// After that, what was read for those who came back before serves nobody any more.
const SERVES_MS = 1_200;

/** A client that is cut off, and comes back to where it was. */
class Returner {
  #connection;
  #held;
  /** The resume tokens of an anonymous client are bound to it. */
  #name = randomBytes(16).toString('base64url');

  constructor(dialect) {
    this.dialect = dialect;
  }

  /** Loses the connection at the place of a message. */
  cut(place) {
    this.#connection.reset();
    this.#held = { ...this.#held, ...place };
  }

  /** Connects, and resolves when it has said what it wants; the round counts it when it has all that it missed. */
  async comeBack(open, round, missed) {
    const { dialect } = this;
    const startedAt = performance.now();
    const connection = await open();
    let arrived = 0;
    this.#connection = connection;
    connection.onEnd = (error) => round.fail(error);
    connection.onFrame = (bytes, start, end) => {
      if (dialect.isAnswer(bytes, start)) arrived++;
      if (!dialect.isBack(bytes, start)) return;
      if (arrived !== missed) return round.fail(new Error(`${arrived} of ${missed} messages came.`));
      this.#held = dialect.backOf(bytes.toString('utf8', start, end));
      connection.onFrame = () => undefined;
      this.#isBack(round, startedAt);
    };
    for (const text of dialect.hello(0, this.#held, this.#name)) connection.send(text);
  }

  #isBack(round, startedAt) {
    const now = performance.now();
    round.latencies.add(now - startedAt);
    round.messages++;
    round.inFlight--;
    round.goesOn(now);
  }
}

/** Stays, and posts what the others miss. */
class Poster {
  place;
  #ring;
  #missing = 0;
  #isThere;

  constructor(connection, dialect) {
    this.connection = connection;
    this.#ring = new FrameRing(dialect.note);
    connection.onFrame = (bytes, start, end) => {
      if (!dialect.isAnswer(bytes, start) || --this.#missing) return;
      this.place = dialect.placeOf(bytes.toString('utf8', start, end));
      this.#isThere();
    };
  }

  /** Resolves when it has all of it itself. */
  post(count) {
    this.#missing = count;
    this.connection.write(this.#ring.take(count));
    return new Promise((resolve, reject) => {
      this.connection.onEnd = reject;
      this.#isThere = resolve;
    });
  }
}

/**
 * Lets all clients come back at once. They were cut off in waves, with messages posted after each, so that
 * they stand at as many positions. Its messages are clients; its latency the time until one has all it missed.
 *
 * @param {import('./load-process.mjs').Load} load
 */
export async function driveRejoin(load) {
  const { dialect, workload } = load;
  const connections = required(workload.connections, 'number of connections');
  const waves = required(workload.waves, 'number of waves');
  const missed = required(workload.missed, 'number of missed messages');
  await checkRefusal(load);
  const connection = await load.join(0);
  await checkAnswer(dialect, connection, [connection]);
  const poster = new Poster(connection, dialect);
  const clients = Array.from({ length: connections }, () => new Returner(dialect));
  // Those who missed least come first: what was read for them does not serve the next ones.
  const waveOf = (client) => waves - 1 - Math.floor((client * waves) / connections);
  const missedBy = (client) => (dialect.replays ? (waves - waveOf(client)) * missed : 0);
  await returnAll(load, clients, () => 0);
  let backAt = performance.now();

  const prepare = async () => {
    await poster.post(missed);
    for (let wave = 0; wave < waves; wave++) {
      for (const [index, client] of clients.entries()) if (waveOf(index) === wave) client.cut(poster.place);
      await poster.post(missed);
    }
    await sleep(Math.max(0, backAt + SERVES_MS - performance.now()));
  };
  const run = async () => {
    const figures = await returnAll(load, clients, missedBy);
    backAt = performance.now();
    return figures;
  };
  return Object.assign(run, { prepare });
}

function returnAll({ open }, clients, missedBy) {
  const round = new Round(0);
  round.inFlight = clients.length;
  let next = 0;
  const connectOnes = async () => {
    for (let index = next++; index < clients.length; index = next++)
      await clients[index].comeBack(() => open(index), round, missedBy(index));
  };
  for (let left = CONNECTS_AT_ONCE; left > 0; left--) connectOnes().catch((error) => round.fail(error));
  return round.done;
}
