import { RawClient } from '../rig/raw-client.mjs';

const AT_ONCE = 25;
const hello = JSON.stringify({ t: 'hello', v: 1 });
const open = JSON.stringify({ t: 'open', id: 1, endpoint: 'soak' });
const begin = (n) => JSON.stringify({ t: 'message', id: 2, stream: 'soak', type: 'soak.begin', data: { n } });

/**
 * Connects, says hello, opens the stream, sets state and listens.
 *
 * @param {number} port
 * @param {number} n
 */
export async function enter(port, n) {
  const client = await RawClient.open(port, '/streams');
  for (const text of [hello, open, begin(n)]) client.send(text);
  const answer = await client.next((text) => /^\{"t":"(ack|error)"/.test(text));
  if (!answer.startsWith('{"t":"ack"')) throw new Error(`Not what was expected: ${answer}`);
  return client;
}

/** Leaves in the middle of everything: the server has begun, and nothing has been heard of it. */
async function enterAndReset(port, n) {
  const client = await RawClient.open(port, '/streams');
  for (const text of [hello, open, begin(n)]) client.send(text);
  await client.next((text) => text.startsWith('{"t":"welcome"'));
  client.reset();
}

/** Half of the cycles end with a clean close, half with a reset; half of the resets come early. */
async function cycle(port, n) {
  if (n % 4 === 3) return enterAndReset(port, n);
  const client = await enter(port, n);
  if (n % 2) client.reset();
  else await client.close();
}

/**
 * Runs cycles, some at once.
 *
 * @param {number} port
 * @param {{ from: number, to: number }} range
 */
export async function runCycles(port, { from, to }) {
  let next = from;
  const run = async () => {
    while (next < to) await cycle(port, next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
}
