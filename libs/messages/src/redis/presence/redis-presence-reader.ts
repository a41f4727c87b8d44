import { isPresenceEntry } from '../../presence/presence-shape.js';
import type { PresenceEntry, PresenceState, PresenceVersion } from '../../presence/presence-store.js';
import type { RedisCalls } from '../connection/redis-calls.js';
import { RedisScript } from '../connection/redis-script.js';
import { isEpoch } from '../connection/untrusted.js';
import type { PresenceKeys } from './redis-presence-keys.js';
import { presenceOverfull } from './redis-presence.errors.js';
import { READ_SCRIPT } from './redis-presence-scripts.js';

const MAX_RECORD_CHARACTERS = 131_072;
/** The most bytes of a field and its value: three bytes for each character, and room for the key. */
const MAX_FIELD_BYTES = 3 * MAX_RECORD_CHARACTERS + 4_096;
/** The most bytes of one read of a channel. */
const MAX_CHANNEL_BYTES = 67_108_864;
/** The least limit of fields, because servers may differ in `maxConnections`, or set connections concurrently. */
const MIN_CHANNEL_FIELDS = 2_000;
const NO_CONNECTION = new Error('a field of its presence is not a connection');
const READ = new RedisScript(READ_SCRIPT);

/** Reads the state of channels from Redis, and tolerates any content. */
export class RedisPresenceReader {
  constructor(
    private readonly calls: RedisCalls,
    private readonly keys: PresenceKeys,
    /** Called for each field that is not a connection. */
    private readonly undecodable: (channel: string, error: Error) => void,
  ) {}

  /**
   * Reads the connections in a channel, those of lost servers included.
   *
   * @throws {MessagesError} PRESENCE_FULL when there are more than twice `maxConnections`
   */
  async read(channel: string, maxConnections: number): Promise<Omit<PresenceState, 'lost'>> {
    const values = await this.readFields(channel, maxConnections);
    const [epoch, number] = [values.get('#e'), values.get('#n')];
    values.delete('#e');
    values.delete('#n');
    const entries: PresenceEntry[] = [];
    for (const [key, value] of values) {
      const entry = entryOf(key, value);
      if (entry) entries.push(entry);
      else this.undecodable(channel, NO_CONNECTION);
    }
    return { ...versionOf(epoch, number), entries };
  }

  /** Reads the version of a channel; an empty epoch and 0 for a malformed one. */
  async version(channel: string): Promise<PresenceVersion> {
    try {
      const [epoch, number] = await this.calls.run((client) =>
        client.hmget(this.keys.recordsOf(channel), '#e', '#n'),
      );
      return versionOf(epoch, number);
    } catch (error) {
      // An unknown version makes watchers read the channel, and the read removes the foreign key.
      if ((error as Error).message.startsWith('WRONGTYPE')) return versionOf(null, null);
      throw error;
    }
  }

  private async readFields(channel: string, maxConnections: number): Promise<Map<string, string>> {
    const maxFields = Math.max(MIN_CHANNEL_FIELDS, 2 * maxConnections) + 2;
    const run = {
      keys: [this.keys.recordsOf(channel)],
      args: [maxFields, MAX_FIELD_BYTES, MAX_CHANNEL_BYTES],
    };
    const reply = await this.calls.run((client) => READ.run({ client, ...run }));
    const [count, fields] = reply as [count: number, fields?: readonly string[]];
    if (!fields) throw presenceOverfull(channel, count);
    return new Map(pairsOf(fields));
  }
}

/** Iterates over the pairs of a flat reply: field and value. */
export function* pairsOf(reply: readonly string[]): Generator<[field: string, value: string]> {
  for (let at = 0; at < reply.length; at += 2) {
    const [field = '', value = ''] = reply.slice(at, at + 2);
    yield [field, value];
  }
}

/** Parses a field of a channel; undefined when it is not a connection. */
function entryOf(key: string, value: string): PresenceEntry | undefined {
  const bar = key.indexOf('|');
  const end = value.indexOf('|');
  const entry = {
    server: key.slice(0, Math.max(0, bar)),
    id: key.slice(bar + 1),
    number: /^\d{1,16}$/.test(value.slice(0, Math.max(0, end))) ? Number(value.slice(0, end)) : NaN,
    ...recordOf(value.slice(end + 1)),
  };
  return isPresenceEntry(entry) ? entry : undefined;
}

function recordOf(text: string): { readonly userId?: unknown; readonly data?: unknown } {
  try {
    const record: unknown = text.length <= MAX_RECORD_CHARACTERS ? JSON.parse(text) : undefined;
    return Array.isArray(record) ? { userId: record[0] as unknown, data: record[1] as unknown } : {};
  } catch {
    return {};
  }
}

/** Parses the version of a channel; a malformed one counts as that of an empty channel. */
function versionOf(epoch: string | null | undefined, number: string | null | undefined): PresenceVersion {
  const isWhole = isEpoch(epoch) && /^\d{1,15}$/.test(number ?? '');
  return isWhole ? { epoch, number: Number(number) } : { epoch: '', number: 0 };
}
