import { joinAll } from './connections.mjs';

const WARM_UP_CONNECTIONS = 100;

/**
 * Connects, and says nothing more: a round leaves the connections open.
 *
 * @param {import('./load-process.mjs').Load} load
 */
export async function driveHold(load) {
  // The first connections pay for everything that the server makes once.
  const workload = { ...load.workload, connections: WARM_UP_CONNECTIONS };
  const first = await joinAll({ ...load, workload });
  await Promise.all(first.map((connection) => connection.close()));
  return async () => {
    const held = await joinAll(load);
    return { messages: held.length };
  };
}
