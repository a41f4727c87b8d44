import { createHash } from 'node:crypto';

/**
 * Writes what a channel is called in Redis.
 *
 * @param kind c: publications, l: what is stored as it is stored, m: meta, s: stream, k: ids, r: readers
 */
export function redisKey(
  kind: 'c' | 'l' | 'm' | 's' | 'k' | 'r',
  channel: string,
  prefix = 'nestwire',
): string {
  const text = `${prefix.length}:${prefix}${channel.length}:${channel}`;
  return `${prefix}:${kind}:{${createHash('sha256').update(text).digest('base64url').slice(0, 22)}}`;
}
