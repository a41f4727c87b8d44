import type { RedisCalls } from './redis.calls.js';

/** Adds to a set; a key of another type holds nothing that nestwire wrote, and is removed. */
export async function addToSet(calls: RedisCalls, key: string, member: string): Promise<void> {
  try {
    await calls.run((client) => client.sadd(key, member));
  } catch (error) {
    if (!(error as Error).message.startsWith('WRONGTYPE')) throw error;
    await calls.run((client) => client.del(key));
    await calls.run((client) => client.sadd(key, member));
  }
}
