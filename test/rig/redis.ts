import { findRedis, missingRedis, startRedis, type RedisServer } from './redis-server.mjs';

const binary = await findRedis();
if (!binary) console.warn(missingRedis('Part of this suite'));

/**
 * Describes what needs a Redis of its own; skipped visibly where there is none.
 *
 * The function gets the server, which stands while the tests run.
 */
export function describeWithRedis(
  name: string,
  define: (redis: () => RedisServer) => void,
  args: readonly string[] = [],
): void {
  (binary ? describe : describe.skip)(name, () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await startRedis({ args });
    });
    afterAll(() => server?.stop());
    define(() => server);
  });
}

/** `describe` where there is a Redis server to start, else `describe.skip`. */
export const describeIfRedis = binary ? describe : describe.skip;
