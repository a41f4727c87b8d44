import type { RedisCalls } from './redis-calls.js';

/**
 * Adds a member to a set.
 *
 * Nestwire did not write a key of another type, so such a key is removed first.
 */
export async function addToSet(calls: RedisCalls, key: string, member: string): Promise<void> {
  try {
    await calls.run((client) => client.sadd(key, member));
  } catch (error) {
    if (!(error as Error).message.startsWith('WRONGTYPE')) throw error;
    await calls.run((client) => client.del(key));
    await calls.run((client) => client.sadd(key, member));
  }
}
