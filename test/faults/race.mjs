import { randomBytes } from 'node:crypto';
import { RawClient } from '../rig/raw-client.mjs';

/**
 * Lets two connections of one client send the same message at once, again and again.
 *
 * @param {import('./rig.mjs').Rig} rig
 * @param {{ count: number, nodes: readonly [number, number] }} races the servers that the two connect to
 */
export async function raceOrders({ nodes, log }, { count, nodes: [first, second] }) {
  for (let race = 0; race < count; race++) {
    const client = randomBytes(18).toString('base64url');
    const pair = await Promise.all([first, second].map((node) => desk(nodes[node].front.port, client)));
    const order = { sid: `race${first}${second}.${race}`, seq: 1 };
    log.write('order', order);
    const message = { t: 'message', id: 2, stream: 'desk', type: 'faults.order', data: order };
    const answers = pair.map((connection) => connection.next((text) => /"t":"(ack|error)"/.test(text)));
    pair.forEach((connection, at) =>
      connection.send(JSON.stringify({ ...message, ...(at > 0 && { redelivered: true }) })),
    );
    for (const answer of await Promise.all(answers)) {
      const { t, error } = JSON.parse(answer);
      log.write(t === 'ack' ? 'order_ok' : 'order_fail', { ...order, why: error?.code });
    }
    await Promise.all(pair.map((connection) => connection.close()));
  }
}

async function desk(port, client) {
  const connection = await RawClient.open(port, '/streams');
  const opened = connection.next((text) => text.includes('"t":"opened"'));
  connection.send(JSON.stringify({ t: 'hello', v: 1, client }));
  connection.send(JSON.stringify({ t: 'open', id: 1, endpoint: 'desk' }));
  await opened;
  return connection;
}
