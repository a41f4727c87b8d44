import { Logger } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
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
import { presenceUnavailable } from './redis-presence.errors.js';
import { addToSet } from '../connection/add-to-set.js';
import { RedisCalls } from '../connection/redis-calls.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import { PRESENCE_TTL_MS, PresenceKeys } from './redis-presence-keys.js';
import { PresenceLease } from './redis-presence-lease.js';
import { RedisScript } from '../connection/redis-script.js';
import { CLEAR_SCRIPT, OWN_SCRIPT, REMOVE_SCRIPT, SET_SCRIPT } from './redis-presence-scripts.js';
import { PresenceRecords } from './redis-presence-records.js';
import { pairsOf, RedisPresenceReader } from './redis-presence-reader.js';
import { DeadServerCleanup } from './dead-server-cleanup.js';

const MAX_BATCH = 100;
/** The most channels that are compared with Redis in each third of a lease; their keys may have been evicted. */
const MAX_CHECKS = 1_000;
/**
 * The comparisons of a channel after the last connection of this process has left it.
 *
 * A replica that becomes the master may restore connections whose end it had not received.
 */
const EMPTY_CHECKS = 6;
const MAX_EMPTY_CHANNELS = 1_000;
const OWN = new RedisScript(OWN_SCRIPT);
const SET = new RedisScript(SET_SCRIPT);
const REMOVE = new RedisScript(REMOVE_SCRIPT);
const CLEAR = new RedisScript(CLEAR_SCRIPT);
/** The events of a client after which Redis may have lost confirmed data. */
const CLIENT_EVENTS = ['ready', '+node'] as const;

type SetReply = [epoch: string, number: number, changed: string[], refused: string[]];
type RemoveReply = [epoch: string, number: number, removed: string[]];

/**
 * Stores the members of channels in Redis.
 *
 * It owns the connections of this process, and repairs their records in Redis.
 */
export class RedisPresenceStore extends PresenceStore {
  private readonly limiter = new LogLimiter((line) => new Logger('Messages').warn(line));
  private readonly calls: RedisCalls;
  private readonly keys: PresenceKeys;
  private readonly reader: RedisPresenceReader;
  private readonly cleanup: DeadServerCleanup;
  /** The channels with connections of this process, or with connections that must still be removed. */
  private readonly byChannel = new Map<string, PresenceRecords>();
  /** The channels that the last connection of this process has left. */
  private readonly empty = new Set<PresenceRecords>();
  private tending: Promise<void> | undefined;
  /** The index of the next channel to compare. */
  private checked = 0;
  private readonly refused = new WeakSet<PresenceRecord>();
  private lease: PresenceLease | undefined;
  private setup: PresenceSetup = { leaseMs: 0, maxConnections: Infinity, changed: () => undefined };
  private closed: Promise<void> | undefined;

  constructor(
    private readonly client: Redis | Cluster,
    private readonly tuning: ResolvedTuning,
    undecodable: (channel: string, error: Error) => void = () => undefined,
  ) {
    super();
    this.calls = new RedisCalls(client, tuning);
    this.keys = new PresenceKeys(tuning.prefix);
    this.reader = new RedisPresenceReader(this.calls, this.keys, undecodable);
    this.cleanup = new DeadServerCleanup({
      calls: this.calls,
      keys: this.keys,
      clear: (channel, server) => this.remove(channel, CLEAR, [`${server}|`]),
      forget: (server) => this.startedLease.forget(server),
      isClosed: () => this.closed !== undefined,
    });
  }

  start(setup: PresenceSetup): void {
    this.setup = setup;
    this.lease = new PresenceLease({
      calls: this.calls,
      keys: this.keys,
      clock: this.tuning.clock,
      leaseMs: setup.leaseMs,
      replaced: (former) => this.replaced(former),
      died: (server) => this.cleanup.add(server),
      checked: () => this.onLeaseChecked(),
    });
    for (const event of CLIENT_EVENTS) this.client.on(event, this.onBack);
  }

  async join(channel: string, record: PresenceRecord): Promise<boolean> {
    const room = this.byChannel.get(channel) ?? new PresenceRecords(channel, (one) => this.reconcile(one));
    this.byChannel.set(channel, room);
    room.put(record);
    this.empty.delete(room);
    const isKnown = await room.settle();
    if (this.refused.has(record)) throw presenceFull(channel, this.setup.maxConnections);
    return isKnown;
  }

  async leave(channel: string, id: string): Promise<boolean> {
    const room = this.byChannel.get(channel);
    return room?.remove(id) ? room.settle() : true;
  }

  async read(channel: string): Promise<PresenceState> {
    try {
      const lease = this.startedLease;
      const state = await this.reader.read(channel, this.setup.maxConnections);
      lease.start();
      const others = new Set(state.entries.map(({ server }) => server));
      others.delete(lease.server);
      const lost = await lease.findLost([...others]);
      if (lost.size > 0) lease.report(lost, channel).catch(() => undefined);
      return { ...state, lost };
    } catch (error) {
      throw error instanceof MessagesError ? error : presenceUnavailable(error);
    }
  }

  async version(channel: string): Promise<PresenceVersion> {
    try {
      return await this.reader.version(channel);
    } catch (error) {
      throw presenceUnavailable(error);
    }
  }

  close(): Promise<void> {
    return (this.closed ??= this.closeNow());
  }

  private async closeNow(): Promise<void> {
    for (const event of CLIENT_EVENTS) this.client.off(event, this.onBack);
    for (const room of this.byChannel.values()) room.clear();
    await this.settleAll();
    await this.tending;
    // After a failure the lease expires, and another process cleans up.
    await this.lease?.close().catch(() => undefined);
    this.byChannel.clear();
  }

  private readonly onBack = (): void => {
    for (const room of this.byChannel.values()) room.markSuspect();
    void this.lease?.checkNow();
  };

  /** Restores all connections with the new name of this process. */
  private replaced(former: string): void {
    for (const room of this.byChannel.values()) room.markSuspect();
    this.cleanup.add(former, [...this.byChannel.keys()]);
  }

  private onLeaseChecked(): void {
    if (this.closed) return;
    const rooms = [...this.byChannel.values()];
    const count = Math.min(rooms.length, MAX_CHECKS);
    for (let at = 0; at < count; at++) rooms[(this.checked + at) % rooms.length]?.markSuspect();
    this.checked = rooms.length > 0 ? (this.checked + count) % rooms.length : 0;
    // Not awaited, so that the lease is renewed during a long repair.
    this.tending ??= this.tend().finally(() => (this.tending = undefined));
  }

  /** Repairs the records of this process, and cleans up after dead servers. Never rejects. */
  private async tend(): Promise<void> {
    await this.settleAll();
    // Afterwards, so that the connections of this process do not seem to leave.
    await this.cleanup.run();
  }

  private async settleAll(): Promise<void> {
    const rooms = [...this.byChannel.values()].filter(({ isSettled }) => !isSettled);
    for (let at = 0; at < rooms.length; at += MAX_BATCH)
      await Promise.all(rooms.slice(at, at + MAX_BATCH).map((room) => room.settle()));
  }

  /** Writes the changes of a channel to Redis; rejects after a failure. */
  private async reconcile(room: PresenceRecords): Promise<void> {
    if (room.isSettled) return;
    const lease = this.startedLease;
    await lease.acquire();
    const { server } = lease;
    if (!room.isEmpty) await this.note(room, server);
    if (room.takeSuspect()) await this.check(room, server);
    await room.flush(MAX_BATCH, async (set, gone) => {
      if (set.length > 0) {
        await this.note(room, server);
        await this.set(room, server, set);
      }
      const keys = gone.map((id) => presenceKey({ server, id }));
      if (keys.length > 0) await this.remove(room.channel, REMOVE, keys);
    });
    if (!room.isEmpty) return;
    room.notedFor = '';
    const left = this.calls.run((client) => client.srem(this.keys.channelsOf(server), room.channel));
    // A channel that stays in the set costs one more read after the death of this server.
    await left.catch(() => undefined);
    this.keepEmpty(room);
  }

  /** Compares the records of this process in Redis with its connections. */
  private async check(room: PresenceRecords, server: string): Promise<void> {
    const prefix = presenceKey({ server, id: '' });
    try {
      const keys = [this.keys.recordsOf(room.channel)];
      const held = (await this.calls.run((client) => OWN.run({ client, keys, args: [prefix] }))) as string[];
      const texts = new Map<string, string>();
      for (const [key, text] of pairsOf(held)) texts.set(key.slice(prefix.length), text);
      room.compare(texts, textOf);
    } catch (error) {
      room.markSuspect();
      throw error;
    }
  }

  /** Keeps a channel without connections for some more comparisons. */
  private keepEmpty(room: PresenceRecords): void {
    if (!room.isEmpty || !room.isSettled || this.byChannel.get(room.channel) !== room) return;
    if (!this.empty.has(room)) {
      this.empty.add(room);
      room.emptyChecks = EMPTY_CHECKS;
    }
    if (room.emptyChecks-- <= 0) this.dropEmpty(room);
    else if (this.empty.size > MAX_EMPTY_CHANNELS) {
      const [oldest = room] = this.empty;
      this.dropEmpty(oldest);
    }
  }

  private dropEmpty(room: PresenceRecords): void {
    this.empty.delete(room);
    if (room.isEmpty && room.isSettled) this.byChannel.delete(room.channel);
  }

  /** Adds the channel to the set of this process, before the first connection. */
  private async note(room: PresenceRecords, server: string): Promise<void> {
    if (room.notedFor === server) return;
    const key = this.keys.channelsOf(server);
    await addToSet(this.calls, key, room.channel);
    await this.calls.run((client) => client.pexpire(key, PRESENCE_TTL_MS));
    room.notedFor = server;
  }

  private async set(
    room: PresenceRecords,
    server: string,
    records: readonly PresenceRecord[],
  ): Promise<void> {
    const { channel } = room;
    const byKey = new Map(records.map((record) => [presenceKey({ server, id: record.id }), record]));
    const fields = [...byKey].flatMap(([key, record]) => [key, textOf(record)]);
    const args = [
      randomBytes(12).toString('base64url'),
      this.setup.maxConnections,
      PRESENCE_TTL_MS,
      ...fields,
    ];
    const [epoch, number, changed, refused] = await this.eval<SetReply>(SET, channel, args);
    const recordsOf = (keys: readonly string[]) => keys.flatMap((key) => byKey.get(key) ?? []);
    const set = recordsOf(changed).map((record): PresenceEntry => ({ ...record, server, number }));
    if (set.length > 0) this.setup.changed({ channel, epoch, number, set, removed: [] });
    for (const record of recordsOf(refused)) this.refuse(room, record);
  }

  private async remove(channel: string, script: RedisScript, args: readonly string[]): Promise<void> {
    const [epoch, number, removed] = await this.eval<RemoveReply>(script, channel, args);
    if (removed.length > 0) this.setup.changed({ channel, epoch, number, set: [], removed });
  }

  private refuse(room: PresenceRecords, record: PresenceRecord): void {
    this.refused.add(record);
    room.drop(record);
    const { channel } = room;
    this.limiter.log(
      'full',
      `The channel '${channel}' has reached its limit of connections. Raise "presence.maxConnections".`,
    );
  }

  /** @throws {Error} before `start` */
  private get startedLease(): PresenceLease {
    if (!this.lease) throw new Error('The presence store has not been started.');
    return this.lease;
  }

  private eval<T>(script: RedisScript, channel: string, args: ReadonlyArray<string | number>): Promise<T> {
    const keys = [this.keys.recordsOf(channel)];
    return this.calls.run((client) => script.run({ client, keys, args }) as Promise<T>);
  }
}

/** Encodes a record as Redis stores it. */
function textOf({ userId, data }: PresenceRecord): string {
  return JSON.stringify([userId, data]);
}
