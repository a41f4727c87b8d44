import { Logger } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { isChannelName } from '../../channel/channel-name.js';
import { LogLimiter } from '../../logging/log-limiter.js';
import {
  PresenceStore,
  presenceKey,
  type PresenceEntry,
  type PresenceRecord,
  type PresenceSetup,
  type PresenceState,
  type PresenceVersion,
} from '../../presence/presence-store.js';
import { MessagesError } from '../../messages.error.js';
import { presenceFull } from '../../presence/presence.errors.js';
import { presenceOverfull, presenceUnavailable } from './redis-presence.errors.js';
import { addToSet } from '../connection/add-to-set.js';
import { RedisCalls } from '../connection/redis-calls.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import { PRESENCE_TTL_MS, PresenceKeys } from './redis-presence-keys.js';
import { PresenceLease } from './redis-presence-lease.js';
import { isPresenceEntry } from '../../presence/presence-shape.js';
import { RedisScript } from '../connection/redis-script.js';
import { isEpoch } from '../connection/untrusted.js';
import {
  CLEAR_SCRIPT,
  OWN_SCRIPT,
  READ_SCRIPT,
  REMOVE_SCRIPT,
  SET_SCRIPT,
} from './redis-presence-scripts.js';
import { PresenceRecords } from './redis-presence-records.js';

const MAX_BATCH = 100;
const MAX_RECORD_CHARACTERS = 131_072;
/** The most bytes of a field of a room and its value: three bytes a character, and room for the key. */
const MAX_FIELD_BYTES = 3 * MAX_RECORD_CHARACTERS + 4_096;
/** The most bytes of a room that are read at once. */
const MAX_CHANNEL_BYTES = 67_108_864;
/** Servers may differ in `maxConnections`, or put connections into a room at the same time. */
const MIN_CHANNEL_FIELDS = 2_000;
/** The most channels of a server that has gone that Redis is asked for at once. */
const CHANNELS_PER_SCAN = 500;
const NO_CONNECTION = new Error('a field of its presence is not a connection');
/** How many channels are compared with Redis each third of a lease, because their keys may have been evicted. */
const MAX_CHECKS = 1_000;
/**
 * How often a channel is compared after the last connection of this process has left it. A replica that
 * becomes the master may bring back connections whose end it had not received.
 */
const EMPTY_CHECKS = 6;
const MAX_EMPTY_CHANNELS = 1_000;
const OWN = new RedisScript(OWN_SCRIPT);
const READ = new RedisScript(READ_SCRIPT);
const SET = new RedisScript(SET_SCRIPT);
const REMOVE = new RedisScript(REMOVE_SCRIPT);
const CLEAR = new RedisScript(CLEAR_SCRIPT);
/** Redis may have lost what it had confirmed. */
const CLIENT_EVENTS = ['ready', '+node'] as const;

type SetReply = [epoch: string, number: number, changed: string[], refused: string[]];
type RemoveReply = [epoch: string, number: number, removed: string[]];

/** Keeps the members of channels in Redis. */
export class RedisPresenceStore extends PresenceStore {
  readonly #limiter = new LogLimiter((line) => new Logger('Messages').warn(line));
  readonly #undecodable: (channel: string, error: Error) => void;
  readonly #calls: RedisCalls;
  readonly #keys: PresenceKeys;
  /** The channels that connections of this process are in, or are still to be taken out of. */
  readonly #byChannel = new Map<string, PresenceRecords>();
  /** Channels that no connection of this process is in any more. */
  readonly #empty = new Set<PresenceRecords>();
  /** Servers that are gone, and channels that may be cleaned of them beside the noted ones. */
  readonly #gone = new Map<string, readonly string[]>();
  #tending: Promise<void> | undefined;
  /** Where the next comparison of channels begins. */
  #checked = 0;
  readonly #refused = new WeakSet<PresenceRecord>();
  #lease!: PresenceLease;
  #setup!: PresenceSetup;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly client: Redis | Cluster,
    private readonly tuning: ResolvedTuning,
    undecodable: (channel: string, error: Error) => void = () => undefined,
  ) {
    super();
    this.#undecodable = undecodable;
    this.#calls = new RedisCalls(client, tuning);
    this.#keys = new PresenceKeys(tuning.prefix);
  }

  start(setup: PresenceSetup): void {
    this.#setup = setup;
    this.#lease = new PresenceLease({
      calls: this.#calls,
      keys: this.#keys,
      clock: this.tuning.clock,
      leaseMs: setup.leaseMs,
      replaced: (former) => this.#replaced(former),
      died: (server) => void this.#gone.set(server, []),
      checked: () => this.#onLeaseChecked(),
    });
    for (const event of CLIENT_EVENTS) this.client.on(event, this.#onBack);
  }

  async join(channel: string, record: PresenceRecord): Promise<boolean> {
    const room = this.#byChannel.get(channel) ?? new PresenceRecords(channel, (one) => this.#reconcile(one));
    this.#byChannel.set(channel, room);
    room.put(record);
    this.#empty.delete(room);
    const isKnown = await room.settle();
    if (this.#refused.has(record)) throw presenceFull(channel, this.#setup.maxConnections);
    return isKnown;
  }

  async leave(channel: string, id: string): Promise<boolean> {
    const room = this.#byChannel.get(channel);
    return room?.remove(id) ? room.settle() : true;
  }

  async read(channel: string): Promise<PresenceState> {
    try {
      const values = await this.#fieldsOf(channel);
      const [epoch, number] = [values.get('#e'), values.get('#n')];
      values.delete('#e');
      values.delete('#n');
      const read = [...values].map(([key, value]) => entryOf(key, value));
      const entries = read.filter((entry) => entry !== undefined);
      for (let skipped = read.length - entries.length; skipped > 0; skipped--)
        this.#undecodable(channel, NO_CONNECTION);
      this.#lease.start();
      const others = new Set(entries.map(({ server }) => server));
      others.delete(this.#lease.server);
      const lost = await this.#lease.findLost([...others]);
      if (lost.size > 0) this.#lease.report(lost, channel).catch(() => undefined);
      return { ...versionOf(epoch, number), entries, lost };
    } catch (error) {
      throw error instanceof MessagesError ? error : presenceUnavailable(error);
    }
  }

  /** Reads a room; one that holds more than servers put into it is not loaded. */
  async #fieldsOf(channel: string): Promise<Map<string, string>> {
    const maxFields = Math.max(MIN_CHANNEL_FIELDS, 2 * this.#setup.maxConnections) + 2;
    const run = {
      keys: [this.#keys.recordsOf(channel)],
      args: [maxFields, MAX_FIELD_BYTES, MAX_CHANNEL_BYTES],
    };
    const reply = await this.#calls.run((client) => READ.run({ client, ...run }));
    const [count, fields] = reply as [count: number, fields?: readonly string[]];
    if (!fields) throw presenceOverfull(channel, count);
    const values = new Map<string, string>();
    for (let at = 0; at < fields.length; at += 2) values.set(fields[at]!, fields[at + 1]!);
    return values;
  }

  async version(channel: string): Promise<PresenceVersion> {
    try {
      const [epoch, number] = await this.#calls.run((client) =>
        client.hmget(this.#keys.recordsOf(channel), '#e', '#n'),
      );
      return versionOf(epoch, number);
    } catch (error) {
      // Another version than any that is known: it is read, and begins anew then.
      if ((error as Error).message.startsWith('WRONGTYPE')) return versionOf(null, null);
      throw presenceUnavailable(error);
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const event of CLIENT_EVENTS) this.client.off(event, this.#onBack);
    for (const room of this.#byChannel.values()) room.clear();
    await this.#settleAll();
    await this.#tending;
    // Where that failed the lease runs out by itself, and others clean up.
    await this.#lease?.close().catch(() => undefined);
    this.#byChannel.clear();
  }

  readonly #onBack = (): void => {
    for (const room of this.#byChannel.values()) room.markSuspect();
    void this.#lease.checkNow();
  };

  /** Has all connections brought back, under the name that this process has now. */
  #replaced(former: string): void {
    for (const room of this.#byChannel.values()) room.markSuspect();
    this.#gone.set(former, [...this.#byChannel.keys()]);
  }

  #onLeaseChecked(): void {
    if (this.#closed) return;
    const rooms = [...this.#byChannel.values()];
    const count = Math.min(rooms.length, MAX_CHECKS);
    for (let at = 0; at < count; at++) rooms[(this.#checked + at) % rooms.length]!.markSuspect();
    this.#checked = rooms.length > 0 ? (this.#checked + count) % rooms.length : 0;
    // Not awaited: the lease is renewed meanwhile, however much there is to do.
    this.#tending ??= this.#tend().finally(() => (this.#tending = undefined));
  }

  /** Repairs what Redis has of this process, and removes what it has of servers that are gone. Never rejects. */
  async #tend(): Promise<void> {
    await this.#settleAll();
    // Behind that, so that nobody seems to have left meanwhile.
    for (const [server, channels] of [...this.#gone]) {
      try {
        await this.#cleanUp(server, channels);
        await this.#lease.forget(server);
        this.#gone.delete(server);
      } catch {
        return;
      }
    }
  }

  async #settleAll(): Promise<void> {
    const rooms = [...this.#byChannel.values()].filter(({ isSettled }) => !isSettled);
    for (let at = 0; at < rooms.length; at += MAX_BATCH)
      await Promise.all(rooms.slice(at, at + MAX_BATCH).map((room) => room.settle()));
  }

  /** Removes what a server that is gone has left in channels; rejects when it could not, or is closing. */
  async #cleanUp(server: string, channels: readonly string[]): Promise<void> {
    await this.#clear(server, channels);
    // A page at a time: another hand may have noted more than there is memory for.
    let cursor = '0';
    do {
      const [next, noted] = await this.#noted(server, cursor);
      await this.#clear(server, noted.filter(isChannelName));
      cursor = next;
    } while (cursor !== '0');
  }

  /** Reads a page of the channels that a server has noted; nothing from a key of another type. */
  async #noted(server: string, cursor: string): Promise<[cursor: string, channels: string[]]> {
    const key = this.#keys.channelsOf(server);
    try {
      return await this.#calls.run((client) => client.sscan(key, cursor, 'COUNT', CHANNELS_PER_SCAN));
    } catch (error) {
      if ((error as Error).message.startsWith('WRONGTYPE')) return ['0', []];
      throw error;
    }
  }

  async #clear(server: string, channels: readonly string[]): Promise<void> {
    for (let at = 0; at < channels.length; at += MAX_BATCH) {
      if (this.#closed) throw new Error('The process shuts down; another one cleans up.');
      const batch = channels.slice(at, at + MAX_BATCH);
      await Promise.all(batch.map((channel) => this.#remove(channel, CLEAR, [`${server}|`])));
    }
  }

  /** Lets Redis know what has changed in a room; rejects when it could not. */
  async #reconcile(room: PresenceRecords): Promise<void> {
    if (room.isSettled) return;
    await this.#lease.acquire();
    const { server } = this.#lease;
    if (!room.isEmpty) await this.#note(room, server);
    if (room.takeSuspect()) await this.#check(room, server);
    await room.flush(MAX_BATCH, async (set, gone) => {
      if (set.length > 0) {
        await this.#note(room, server);
        await this.#set(room, server, set);
      }
      const keys = gone.map((id) => presenceKey({ server, id }));
      if (keys.length > 0) await this.#remove(room.channel, REMOVE, keys);
    });
    if (!room.isEmpty) return;
    room.notedFor = '';
    const left = this.#calls.run((client) => client.srem(this.#keys.channelsOf(server), room.channel));
    // A channel that stays noted costs a look more, once this server has gone.
    await left.catch(() => undefined);
    this.#keepEmpty(room);
  }

  /** Compares what Redis has of this process in a channel with what it should have. */
  async #check(room: PresenceRecords, server: string): Promise<void> {
    const prefix = presenceKey({ server, id: '' });
    try {
      const keys = [this.#keys.recordsOf(room.channel)];
      const held = (await this.#calls.run((client) => OWN.run({ client, keys, args: [prefix] }))) as string[];
      const texts = new Map<string, string>();
      for (let at = 0; at < held.length; at += 2) texts.set(held[at]!.slice(prefix.length), held[at + 1]!);
      room.compare(texts, textOf);
    } catch (error) {
      room.markSuspect();
      throw error;
    }
  }

  /** Keeps a channel without connections for some more checks. */
  #keepEmpty(room: PresenceRecords): void {
    if (!room.isEmpty || !room.isSettled || this.#byChannel.get(room.channel) !== room) return;
    if (!this.#empty.has(room)) {
      this.#empty.add(room);
      room.emptyChecks = EMPTY_CHECKS;
    }
    if (room.emptyChecks-- <= 0) this.#dropEmpty(room);
    else if (this.#empty.size > MAX_EMPTY_CHANNELS) {
      const [oldest] = this.#empty;
      this.#dropEmpty(oldest!);
    }
  }

  #dropEmpty(room: PresenceRecords): void {
    this.#empty.delete(room);
    if (room.isEmpty && room.isSettled) this.#byChannel.delete(room.channel);
  }

  /** Notes that this process may be in the channel, before it is. */
  async #note(room: PresenceRecords, server: string): Promise<void> {
    if (room.notedFor === server) return;
    const key = this.#keys.channelsOf(server);
    await addToSet(this.#calls, key, room.channel);
    await this.#calls.run((client) => client.pexpire(key, PRESENCE_TTL_MS));
    room.notedFor = server;
  }

  async #set(room: PresenceRecords, server: string, records: readonly PresenceRecord[]): Promise<void> {
    const { channel } = room;
    const byKey = new Map(records.map((record) => [presenceKey({ server, id: record.id }), record]));
    const fields = [...byKey].flatMap(([key, record]) => [key, textOf(record)]);
    const args = [
      randomBytes(12).toString('base64url'),
      this.#setup.maxConnections,
      PRESENCE_TTL_MS,
      ...fields,
    ];
    const [epoch, number, changed, refused] = await this.#eval<SetReply>(SET, channel, args);
    const set = changed.map((key): PresenceEntry => ({ ...byKey.get(key)!, server, number }));
    if (set.length > 0) this.#setup.changed({ channel, epoch, number, set, removed: [] });
    for (const key of refused) this.#refuse(room, byKey.get(key)!);
  }

  async #remove(channel: string, script: RedisScript, args: readonly string[]): Promise<void> {
    const [epoch, number, removed] = await this.#eval<RemoveReply>(script, channel, args);
    if (removed.length > 0) this.#setup.changed({ channel, epoch, number, set: [], removed });
  }

  #refuse(room: PresenceRecords, record: PresenceRecord): void {
    this.#refused.add(record);
    room.drop(record);
    const { channel } = room;
    this.#limiter.log('full', `The channel '${channel}' has as many connections in it as it may have.`);
  }

  #eval<T>(script: RedisScript, channel: string, args: ReadonlyArray<string | number>): Promise<T> {
    const keys = [this.#keys.recordsOf(channel)];
    return this.#calls.run((client) => script.run({ client, keys, args }) as Promise<T>);
  }
}

/** Returns a record as Redis holds it. */
function textOf({ userId, data }: PresenceRecord): string {
  return JSON.stringify([userId, data]);
}

/** Reads a field of a channel; undefined when it is not a connection. */
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

/** Reads the version of a channel; of one in a wrong form none, as if it were empty. */
function versionOf(epoch: string | null | undefined, number: string | null | undefined): PresenceVersion {
  const isWhole = isEpoch(epoch) && /^\d{1,15}$/.test(number ?? '');
  return isWhole ? { epoch, number: Number(number) } : { epoch: '', number: 0 };
}
