import { isDeepStrictEqual } from 'node:util';
import { NOTE } from '../note.mjs';
import { required } from '../../rig/required.mjs';

const CONNECTS_AT_ONCE = 50;
const DEADLINE_MS = 10_000;

/**
 * Connects the clients of a workload.
 *
 * @param {import('./load-process.mjs').Load} load
 */
export async function joinAll({ join, workload }) {
  const connections = [];
  const total = required(workload.connections, 'number of connections');
  while (connections.length < total) {
    const first = connections.length;
    const count = Math.min(CONNECTS_AT_ONCE, total - first);
    connections.push(
      ...(await Promise.all(Array.from({ length: count }, (_, index) => join(first + index)))),
    );
  }
  return connections;
}

/**
 * Proves that a peer that validates refuses what is wrong.
 *
 * @param {import('./load-process.mjs').Load} load
 */
export async function checkRefusal({ join, dialect, validates }) {
  if (!validates) return;
  const connection = await join(0);
  connection.send(dialect.badNote(1));
  const text = await connection.next(() => true);
  connection.reset();
  if (!dialect.isRefusal(text)) throw new Error(`A bad message was not refused: ${text}`);
}

/**
 * Proves that what the first connection sends comes to the receivers as it was, or as the answer to it.
 *
 * @param {any} dialect
 * @param {import('../../rig/raw-client.mjs').RawClient} sender
 * @param {readonly import('../../rig/raw-client.mjs').RawClient[]} receivers
 */
export async function checkAnswer(dialect, sender, receivers) {
  const isAnswer = (text) => dialect.isAnswer(Buffer.from(text), 0);
  const answers = receivers.map((connection) => connection.next(isAnswer));
  sender.send(dialect.note(1));
  const expected = 'answer' in dialect ? dialect.answer : NOTE;
  for (const text of await inTime(Promise.all(answers))) {
    const data = dialect.dataOf(text);
    if (!isDeepStrictEqual(data, expected)) throw new Error(`Not what was sent: ${text}`);
  }
}

/**
 * Rejects after a time, because a lost answer would never come.
 *
 * @template T @param {Promise<T>} answers @returns {Promise<T>}
 */
async function inTime(answers) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = new Error(`Not everybody had the message within ${DEADLINE_MS} ms.`);
    timer = setTimeout(reject, DEADLINE_MS, error);
  });
  return Promise.race([answers, late]).finally(() => clearTimeout(timer));
}
