import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { unreadable } from './redis.errors.js';
import type { ResolvedTuning } from './redis.options.js';
import { withinDeadline } from './within-deadline.js';

/**
 * Returns the secret that all processes of a prefix share; makes it if need be.
 *
 * @throws {MessagesError} UNAVAILABLE when Redis cannot be asked now
 */
export async function sharedSecret(client: Redis | Cluster, tuning: ResolvedTuning): Promise<string> {
  const key = `${tuning.prefix}:secret`;
  try {
    await withinDeadline(client.set(key, randomBytes(32).toString('base64url'), 'NX'), tuning);
    const secret = await withinDeadline(client.get(key), tuning);
    if (secret) return secret;
    throw new Error('the secret was removed');
  } catch (error) {
    throw unreadable(error as Error);
  }
}
