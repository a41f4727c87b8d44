import { randomBytes } from 'node:crypto';
import { SYSTEM_CLOCK, type Clock } from '../scheduling/clock.js';
import { slicedWork } from '../scheduling/sliced-work.js';
import type { HistoryLength } from '../channel/channel.js';
import type { Position } from './position.js';
import type { HistoryPage } from './recovery.js';
import { LocalConsumerStore } from './local-consumer-store.js';
import {
  HistoryStore,
  REMEMBER_IDS_MS,
  type Draft,
  type HistorySink,
  type PageBounds,
  type PageStart,
  type Stored,
  type Head,
} from './history-store.js';
import type { HistoryChannel } from './history-channel.js';
import type { StoredMessage } from './stored-message.js';

const SWEEP_MS = 60_000;
/** The most channels; a further one replaces the oldest without followers. */
const MAX_CHANNELS = 100_000;
/** The lifetime of a head, as a multiple of the lifetime of the messages. */
const HEAD_AGES = 10;

interface Log {
  head: Position;
  length: HistoryLength;
  messages: StoredMessage[];
  storedAtMs: number;
  /** The position and the time of each id; the oldest first. */
  readonly ids: Map<string, { readonly position: Position; readonly atMs: number }>;
}

/** Stores the messages of channels with history in the memory of this process. */
export class LocalHistoryStore extends HistoryStore {
  override readonly consumers: LocalConsumerStore;
  private readonly logs = new Map<string, Log>();
  private readonly followed = new Set<string>();
  private sink: HistorySink | undefined;
  private cancelSweep: (() => void) | undefined;
  private isClosed = false;

  constructor(private readonly clock: Clock = SYSTEM_CLOCK) {
    super();
    this.consumers = new LocalConsumerStore(this, clock);
  }

  attach(sink: HistorySink): void {
    this.sink = sink;
  }

  async follow(channel: string): Promise<void> {
    this.followed.add(channel);
  }

  unfollow(channel: string): void {
    this.followed.delete(channel);
  }

  async append(channel: HistoryChannel, drafts: readonly Draft[]): Promise<readonly Stored[]> {
    const log = this.open(channel);
    const stored: StoredMessage[] = [];
    const results = drafts.map((draft) => {
      const known = log.ids.get(draft.id);
      if (known) return { position: known.position, isDuplicate: true };
      stored.push(this.store(log, draft));
      return { position: log.head, isDuplicate: false };
    });
    if (stored.length > 0 && this.followed.has(channel.name)) this.sink?.stored(channel.name, stored);
    return results;
  }

  async read(
    channel: HistoryChannel,
    start: PageStart,
    limits: PageBounds,
  ): Promise<HistoryPage<StoredMessage>> {
    const { head, messages } = this.open(channel);
    const behind =
      'since' in start
        ? messages.filter(({ offset }) => offset > start.since.offset)
        : messages.slice(messages.length - Math.min(start.last, messages.length));
    const page = within(limits, behind);
    return { head, messages: page, isCut: page.length < behind.length };
  }

  async heads(channels: readonly string[]): Promise<readonly Head[]> {
    return channels.map((channel) => this.logs.get(channel)?.head);
  }

  /** Removes all histories, and stops the timer. */
  close(): void {
    this.isClosed = true;
    this.cancelSweep?.();
    this.logs.clear();
    this.followed.clear();
  }

  private open({ name, history }: HistoryChannel): Log {
    const log = this.logs.get(name) ?? this.begin(name, history);
    log.length = history;
    this.age(log);
    return log;
  }

  private begin(name: string, length: HistoryLength): Log {
    const head = { epoch: randomBytes(16).toString('base64url'), offset: 0, id: '' };
    const log: Log = { head, length, messages: [], storedAtMs: this.clock.now(), ids: new Map() };
    if (this.logs.size >= MAX_CHANNELS) this.forgetOldest();
    this.logs.set(name, log);
    // A late read after the close must not start the timer again.
    if (!this.isClosed) this.cancelSweep ??= this.clock.after(SWEEP_MS, () => this.sweep());
    return log;
  }

  private forgetOldest(): void {
    for (const name of this.logs.keys()) if (!this.followed.has(name)) return void this.logs.delete(name);
  }

  private store(log: Log, { id, type, data }: Draft): StoredMessage {
    const { epoch, offset, id: previousId } = log.head;
    const position = { epoch, offset: offset + 1, id };
    // Not a spread: V8 would make a hidden class for each message, which is as large as the message.
    const message = { epoch, offset: offset + 1, id, previousId, type, data };
    log.head = position;
    log.messages.push(message);
    if (log.messages.length > log.length.messages) log.messages.shift();
    log.storedAtMs = this.clock.now();
    log.ids.set(id, { position, atMs: log.storedAtMs });
    return message;
  }

  /** Removes expired messages and ids; all messages of a log expire together, as one key would. */
  private age(log: Log): void {
    const nowMs = this.clock.now();
    if (nowMs - log.storedAtMs >= log.length.ageMs) log.messages = [];
    for (const [id, { atMs }] of log.ids) {
      if (nowMs - atMs < REMEMBER_IDS_MS) return;
      log.ids.delete(id);
    }
  }

  private sweep(): void {
    const nowMs = this.clock.now();
    void slicedWork.forEach(this.logs, ([name, log]) => {
      this.age(log);
      const isOver = nowMs - log.storedAtMs >= log.length.ageMs * HEAD_AGES;
      if (isOver && !this.followed.has(name)) this.logs.delete(name);
    });
    this.cancelSweep = this.logs.size > 0 ? this.clock.after(SWEEP_MS, () => this.sweep()) : undefined;
  }
}

function within({ messages, bytes }: PageBounds, all: readonly StoredMessage[]): StoredMessage[] {
  let size = 0;
  const end = all.findIndex(({ data }, index) => {
    size += data.length;
    return index > 0 && (index >= messages || size > bytes);
  });
  return all.slice(0, end < 0 ? all.length : end);
}
