import { Logger } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { LogLimiter } from '../delivery/log-limiter.js';
import {
  PresenceBackend,
  presenceKey,
  type PresenceEntry,
  type PresenceRecord,
  type PresenceSetup,
  type PresenceState,
  type PresenceVersion,
} from '../presence/presence.backend.js';
import { presenceFull, presenceUnavailable } from '../presence/presence.errors.js';
import { RedisCalls } from './redis.calls.js';
import type { ResolvedTuning } from './redis.options.js';
import { PresenceKeys } from './redis.presence-keys.js';
import { PresenceLease } from './redis.presence-lease.js';
import { CLEAR_SCRIPT, REMOVE_SCRIPT, SET_SCRIPT } from './redis.presence-scripts.js';
import { PresenceRoom } from './redis.presence-room.js';

const MAX_BATCH = 100;
/** Redis may have lost what it had confirmed. */
const CLIENT_EVENTS = ['ready', '+node'] as const;

type SetReply = [epoch: string, number: number, changed: string[], refused: string[]];
type RemoveReply = [epoch: string, number: number, removed: string[]];

/** Knows who is in which channel, in Redis. */
export class RedisPresence extends PresenceBackend {
  readonly #limiter = new LogLimiter((line) => new Logger('Messages').warn(line));
  readonly #calls: RedisCalls;
  readonly #keys: PresenceKeys;
  /** The channels that connections of this process are in, or are still to be taken out of. */
  readonly #rooms = new Map<string, PresenceRoom>();
  readonly #refused = new WeakSet<PresenceRecord>();
  #lease!: PresenceLease;
  #setup!: PresenceSetup;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly client: Redis | Cluster,
    private readonly tuning: ResolvedTuning,
  ) {
    super();
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
      died: (server) => this.#cleanUp(server, []),
      looked: () => this.#settleAll(),
    });
    for (const event of CLIENT_EVENTS) this.client.on(event, this.#onBack);
  }

  async join(channel: string, record: PresenceRecord): Promise<boolean> {
    const room = this.#rooms.get(channel) ?? new PresenceRoom(channel, (one) => this.#reconcile(one));
    this.#rooms.set(channel, room);
    room.put(record);
    const isKnown = await room.settle();
    if (this.#refused.has(record)) throw presenceFull(channel, this.#setup.maxConnections);
    return isKnown;
  }

  async leave(channel: string, id: string): Promise<boolean> {
    const room = this.#rooms.get(channel);
    return room?.remove(id) ? room.settle() : true;
  }

  async read(channel: string): Promise<PresenceState> {
    try {
      const fields = await this.#calls.run((client) => client.hgetall(this.#keys.roomOf(channel)));
      const { '#e': epoch = '', '#n': number = '0', ...values } = fields;
      const entries = Object.entries(values).map(([key, value]) => entryOf(key, value));
      this.#lease.start();
      const others = new Set(entries.map(({ server }) => server));
      others.delete(this.#lease.server);
      const lost = await this.#lease.whichAreLost([...others]);
      return { epoch, number: Number(number), entries, lost };
    } catch (error) {
      throw presenceUnavailable(error);
    }
  }

  async version(channel: string): Promise<PresenceVersion> {
    try {
      const [epoch, number] = await this.#calls.run((client) =>
        client.hmget(this.#keys.roomOf(channel), '#e', '#n'),
      );
      return { epoch: epoch ?? '', number: Number(number ?? 0) };
    } catch (error) {
      throw presenceUnavailable(error);
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const event of CLIENT_EVENTS) this.client.off(event, this.#onBack);
    for (const room of this.#rooms.values()) room.clear();
    await this.#settleAll();
    // Where that failed the lease runs out by itself, and others clean up.
    await this.#lease?.close().catch(() => undefined);
    this.#rooms.clear();
  }

  readonly #onBack = (): void => {
    for (const room of this.#rooms.values()) room.doubt();
    void this.#lease.look();
  };

  /** Brings all connections back, under the name that this process has now. */
  async #replaced(former: string): Promise<void> {
    const channels = [...this.#rooms.keys()];
    for (const room of this.#rooms.values()) room.doubt();
    await this.#settleAll();
    // Behind that, so that nobody seems to have left meanwhile.
    await this.#cleanUp(former, channels);
    await this.#calls.run((client) => client.del(this.#keys.channelsOf(former)));
    await this.#calls.run((client) => client.srem(this.#keys.servers, former));
  }

  async #settleAll(): Promise<void> {
    const rooms = [...this.#rooms.values()].filter(({ isSettled }) => !isSettled);
    for (let at = 0; at < rooms.length; at += MAX_BATCH)
      await Promise.all(rooms.slice(at, at + MAX_BATCH).map((room) => room.settle()));
  }

  /** Removes what a server that is gone has left in channels. */
  async #cleanUp(server: string, channels: readonly string[]): Promise<void> {
    const noted = await this.#calls.run((client) => client.smembers(this.#keys.channelsOf(server)));
    for (const channel of new Set([...channels, ...noted]))
      await this.#remove(channel, CLEAR_SCRIPT, [`${server}|`]);
  }

  /** Lets Redis know what has changed in a room; rejects when it could not. */
  async #reconcile(room: PresenceRoom): Promise<void> {
    if (room.isSettled) return;
    await this.#lease.hold();
    const { server } = this.#lease;
    await this.#note(room, server);
    await room.flush(MAX_BATCH, async (set, gone) => {
      if (set.length > 0) await this.#set(room, server, set);
      const keys = gone.map((id) => presenceKey({ server, id }));
      if (keys.length > 0) await this.#remove(room.channel, REMOVE_SCRIPT, keys);
    });
    if (!room.isEmpty) return;
    room.notedFor = '';
    const left = this.#calls.run((client) => client.srem(this.#keys.channelsOf(server), room.channel));
    // A channel that stays noted costs a look more, once this server has gone.
    await left.catch(() => undefined);
    if (room.isEmpty && room.isSettled && this.#rooms.get(room.channel) === room)
      this.#rooms.delete(room.channel);
  }

  /** Notes that this process may be in the channel, before it is. */
  async #note(room: PresenceRoom, server: string): Promise<void> {
    if (room.notedFor === server) return;
    await this.#calls.run((client) => client.sadd(this.#keys.channelsOf(server), room.channel));
    room.notedFor = server;
  }

  async #set(room: PresenceRoom, server: string, records: readonly PresenceRecord[]): Promise<void> {
    const { channel } = room;
    const byKey = new Map(records.map((record) => [presenceKey({ server, id: record.id }), record]));
    const fields = [...byKey].flatMap(([key, { userId, data }]) => [key, JSON.stringify([userId, data])]);
    const args = [randomBytes(12).toString('base64url'), this.#setup.maxConnections, ...fields];
    const [epoch, number, changed, refused] = await this.#eval<SetReply>(SET_SCRIPT, channel, args);
    const set = changed.map((key): PresenceEntry => ({ ...byKey.get(key)!, server, number }));
    if (set.length > 0) this.#setup.changed({ channel, epoch, number, set, removed: [] });
    for (const key of refused) this.#refuse(room, byKey.get(key)!);
  }

  async #remove(channel: string, script: string, args: readonly string[]): Promise<void> {
    const [epoch, number, removed] = await this.#eval<RemoveReply>(script, channel, args);
    if (removed.length > 0) this.#setup.changed({ channel, epoch, number, set: [], removed });
  }

  #refuse(room: PresenceRoom, record: PresenceRecord): void {
    this.#refused.add(record);
    room.drop(record);
    const { channel } = room;
    this.#limiter.log('full', `The channel '${channel}' has as many connections in it as it may have.`);
  }

  #eval<T>(script: string, channel: string, args: ReadonlyArray<string | number>): Promise<T> {
    const room = this.#keys.roomOf(channel);
    return this.#calls.run((client) => client.eval(script, 1, room, ...args) as Promise<T>);
  }
}

function entryOf(key: string, value: string): PresenceEntry {
  const bar = key.indexOf('|');
  const end = value.indexOf('|');
  const [userId, data] = JSON.parse(value.slice(end + 1)) as [string | null, string];
  return {
    server: key.slice(0, bar),
    id: key.slice(bar + 1),
    number: Number(value.slice(0, end)),
    userId,
    data,
  };
}
