import { isTooDeep } from '../pubsub/message-text.js';
import type { PresenceDelta, PresenceEntry } from './presence-store.js';

const MAX_ID_CHARACTERS = 128;
const MAX_USER_ID_CHARACTERS = 1_024;
const MAX_DATA_CHARACTERS = 65_536;
const SERVER = /^[\w-]{1,64}$/;

/** Returns true for a valid name of a server. */
export function isServerName(value: unknown): value is string {
  return typeof value === 'string' && SERVER.test(value);
}

/** Returns true for a valid connection from another process. */
export function isPresenceEntry(value: unknown): value is PresenceEntry {
  const { server, id, number, userId, data } = (value ?? {}) as Partial<Record<keyof PresenceEntry, unknown>>;
  return (
    isServerName(server) &&
    isText(id, MAX_ID_CHARACTERS) &&
    id !== '' &&
    isNumber(number) &&
    (userId === null || isText(userId, MAX_USER_ID_CHARACTERS)) &&
    isText(data, MAX_DATA_CHARACTERS) &&
    (data === '' || isJson(data))
  );
}

/** Returns true for a valid change from another process. */
export function isPresenceDelta(value: unknown): value is PresenceDelta {
  const { epoch, number, set, removed } = (value ?? {}) as Partial<Record<keyof PresenceDelta, unknown>>;
  return (
    isText(epoch, MAX_ID_CHARACTERS) &&
    isNumber(number) &&
    Array.isArray(set) &&
    set.every(isPresenceEntry) &&
    Array.isArray(removed) &&
    removed.every((key) => isText(key, 2 * MAX_ID_CHARACTERS))
  );
}

function isText(value: unknown, maxCharacters: number): value is string {
  return typeof value === 'string' && value.length <= maxCharacters;
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isJson(text: string): boolean {
  try {
    if (isTooDeep(text)) return false;
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
