import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { MessagesError, MessagesErrorCode } from '../../messages.error.js';
import { unreadable } from './redis.errors.js';
import type { ResolvedTuning } from './redis.options.js';
import { withinDeadline } from './within-deadline.js';

/** The limits of a secret's length, in characters. */
const MIN_CHARACTERS = 32;
const MAX_CHARACTERS = 1_024;

/**
 * Returns the secret that all processes of a prefix share.
 *
 * A missing secret is created.
 * An invalid secret is refused and not replaced, because an operator may have chosen it.
 *
 * @throws {MessagesError} UNAVAILABLE when Redis is unreachable or refuses the command
 * @throws {MessagesError} BAD_SECRET when the stored value is not a valid secret
 */
export async function sharedSecret(client: Redis | Cluster, tuning: ResolvedTuning): Promise<string> {
  const key = `${tuning.prefix}:secret`;
  try {
    await withinDeadline(client.set(key, randomBytes(32).toString('base64url'), 'NX'), tuning);
    const secret = await withinDeadline(client.get(key), tuning);
    if (secret) return checked(key, secret);
    throw new Error('the secret was removed');
  } catch (error) {
    if (error instanceof MessagesError) throw error;
    if ((error as Error).message.startsWith('WRONGTYPE')) throw badSecret(key, 'is not a string');
    throw unreadable(error as Error);
  }
}

function checked(key: string, secret: string): string {
  if (secret.length >= MIN_CHARACTERS && secret.length <= MAX_CHARACTERS) return secret;
  throw badSecret(key, `has ${secret.length} characters`);
}

function badSecret(key: string, problem: string): MessagesError {
  const message =
    `The key "${key}" in Redis ${problem}; a secret has ${MIN_CHARACTERS} to ${MAX_CHARACTERS} characters. ` +
    'Remove the key, so that the next server to start creates another, or set the option "resume.secret".';
  return new MessagesError(MessagesErrorCode.BadSecret, message);
}
