import type { CodedError, Message, MessageClass } from '@nestwire/protocol';
import { decodeMessage, encodeProperties } from '@nestwire/protocol/internal';
import { clientError, closedError } from '../client-error.js';
import { Pending } from '../connection/pending.js';
import { unsentError, type Outgoing, type Sendable } from '../endpoint/outgoing.js';
import { addListener } from '../listeners.js';
import { BoxWriter } from './box-writer.js';
import { dropFreeBoxes, takeOver, type ClaimedBox } from './claim-box.js';
import type { ResolvedOutboxOptions } from './outbox-options.js';
import { Outbox, type OutboxConnection } from './outbox.js';
import { Pace } from './pace.js';
import { mayRepeat, type OutboxMessage } from './outbox-message.js';

/** A message without an outcome. */
interface Entry {
  readonly key: number;
  readonly stored: OutboxMessage;
  /** The message in its stream; undefined while it is only in the box. */
  outgoing?: Outgoing;
  /** True when the promise of its `sendStreamMessage` is gone. */
  isOrphan?: boolean;
  /** True while the message waits for its user to sign in again. */
  isParked?: boolean;
  /** The id of the last connection that it was sent on. */
  connection?: string;
  /** Pending while the box stores that the message may have been sent. */
  marking?: Promise<unknown>;
}

/** The codes of errors that the client itself makes; they do not depend on the user. */
const CLIENT_CODES = ['ABORTED', 'ANSWER_TIMEOUT', 'BUSY', 'NOT_CONNECTED'];

/** An outbox with a box, or with the page's memory if there is none. */
export class StoredOutbox extends Outbox {
  readonly limits;
  readonly #options: ResolvedOutboxOptions;
  readonly #box: ClaimedBox | undefined;
  readonly #writer: BoxWriter<OutboxMessage> | undefined;
  readonly #entries = new Set<Entry>();
  readonly #byOutgoing = new WeakMap<Outgoing, Entry>();
  /** The last delayed send of each endpoint; later sends wait for it, in order. */
  readonly #gates = new Map<string, Promise<unknown>>();
  readonly #pace = new Pace();
  readonly #warned = new Set<string>();
  #connection?: OutboxConnection;
  #classes?: ReadonlyMap<string, MessageClass>;
  #stop?: () => void;
  #user?: string | null;
  #lastKey = 0;
  #isClosed = false;
  #takeOverDone: Promise<unknown> = Promise.resolve();

  constructor(options: ResolvedOutboxOptions, box?: ClaimedBox) {
    super();
    this.#options = options;
    this.#user = options.user;
    this.limits = { offline: 'queue', timeoutMs: options.maxAgeMs } as const;
    this.#box = box;
    this.#writer = box && new BoxWriter((changes) => box.boxes.write(box.number, changes));
    for (const { key, value } of box?.entries ?? []) this.#adopt(key, value);
  }

  /** The connection of the client; `attach` sets it before all other calls. */
  get #client(): OutboxConnection {
    return this.#connection!;
  }

  get isDurable(): boolean {
    return Boolean(this.#box) && !this.#isClosed;
  }

  get size(): number {
    return this.#entries.size;
  }

  attach(connection: OutboxConnection, classes: ReadonlyMap<string, MessageClass>): void {
    if (this.#connection) throw new TypeError('The outbox belongs to another client: open a new one');
    this.#connection = connection;
    this.#classes = classes;
    Object.assign(connection, this.#box?.head);
    this.#stop = addListener(connection.listeners, () => this.#statusChanged());
    this.#resumeAll();
  }

  add(outgoing: Outgoing, message: Message, endpoint: string): void {
    const { maxMessages, maxBytes, now } = this.#options;
    const { bytes, own, frame } = outgoing;
    if (own) throw new TypeError('A message of an open listener cannot be durable: remove `durable`');
    if (this.#isClosed) throw clientError('CLIENT_CLOSED', 'the outbox is closed: open a new one');
    let allBytes = bytes;
    for (const { stored } of this.#entries) allBytes += stored.bytes;
    if (this.#entries.size >= maxMessages || allBytes > maxBytes)
      throw clientError(
        'QUEUE_FULL',
        `the limits of the outbox are ${maxMessages} messages, ${maxBytes} bytes`,
      );
    const { type } = frame;
    const data = encodeProperties(message);
    const stored = { endpoint, type, data, bytes, storedAt: now(), user: this.#user };
    const entry: Entry = { key: ++this.#lastKey, stored };
    this.#entries.add(entry);
    this.#track(entry, outgoing);
    void this.#write(entry);
  }

  send(outgoing: Outgoing, send: () => void): void {
    const entry = this.#byOutgoing.get(outgoing);
    if (entry) this.#mark(entry, outgoing);
    const paced = entry && this.#pace.next(this.#client.options.clock);
    const { stream: endpoint } = outgoing.frame;
    const before = this.#gates.get(endpoint);
    if (!before && !paced && !entry?.marking) return send();
    const gate = Promise.all([before, paced, entry?.marking]).then(() => {
      if (!outgoing.settled) send();
      if (this.#gates.get(endpoint) === gate) this.#gates.delete(endpoint);
    });
    this.#gates.set(endpoint, gate);
  }

  async clear(): Promise<void> {
    const removals: Promise<unknown>[] = [];
    this.#user = undefined;
    for (const entry of this.#entries) {
      this.#entries.delete(entry);
      removals.push(this.#writer?.write(entry.key, undefined) ?? Promise.resolve());
      entry.outgoing?.settle(clientError('ABORTED', 'the outbox was cleared'));
    }
    await Promise.all(removals);
    if (this.#box && !this.#isClosed) await dropFreeBoxes(this.#box);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop?.();
    this.#pace.stop();
    await this.#takeOverDone;
    await this.#writer?.idle();
    this.#box?.boxes.close();
    this.#box?.release();
  }

  #adopt(key: number, stored: OutboxMessage): void {
    this.#lastKey = Math.max(this.#lastKey, key);
    this.#entries.add({ key, stored, isOrphan: true });
  }

  #statusChanged(): void {
    const { status, options } = this.#client;
    const parked = [...this.#entries].filter(({ isParked }) => isParked);
    if (status.kind === 'connecting') this.#resumeAll();
    if (status.kind === 'connected') {
      this.#user = status.user;
      this.#takeOverDone = this.#takeOverDone.then(() => this.#takeOver());
    }
    for (const entry of parked) {
      const { stored, outgoing } = entry;
      // A parked message has its promise, and one that was sent has its time limit.
      const isOver = stored.id && outgoing!.until! <= options.clock.now();
      if (status.kind === 'closed' || isOver) outgoing?.settle(clientError('UNCERTAIN'));
      else if (status.kind === 'connected' && stored.user === status.user) {
        entry.isParked = false;
        if (outgoing) this.#client.streamOf(stored.endpoint).enqueue(outgoing);
      }
    }
  }

  async #takeOver(): Promise<void> {
    if (!this.#box || this.#isClosed) return;
    try {
      const taken = await takeOver(this.#box, () => ++this.#lastKey, this.#options.now());
      for (const { key, value } of taken) this.#adopt(key, value);
      if (this.#client.status.kind !== 'closed') this.#resumeAll();
    } catch (error) {
      this.#warn('messages of closed pages cannot be read', error);
    }
  }

  /** Queues all messages of the box in their streams, in order. */
  #resumeAll(): void {
    for (const entry of this.#entries) if (!entry.outgoing) this.#resume(entry);
  }

  #resume(entry: Entry): void {
    const connection = this.#client;
    const { now, maxAgeMs } = this.#options;
    const { endpoint, type, data, bytes, id = 0, user, until, storedAt } = entry.stored;
    const { clock } = connection.options;
    const leftMs = Math.min(maxAgeMs, storedAt + maxAgeMs - now());
    const isOver = id ? !mayRepeat(entry.stored, now()) : leftMs <= 0;
    if (isOver)
      return this.#conclude(entry, clientError(id ? 'UNCERTAIN' : 'NOT_CONNECTED', 'its page was closed'));
    const stream = connection.streamOf(endpoint);
    const frame: Sendable = { t: 'message', id, stream: stream.key, type, data };
    // The time limit is stored with the id.
    const outgoing: Outgoing = Object.assign(new Pending(), {
      ...{ frame, bytes, offline: 'queue' as const, own: false },
      ...(id && { user, until: clock.now() + until! - now() }),
    });
    // `onOutcome` reports the failure of a stored message.
    outgoing.promise.catch(() => undefined);
    this.#track(entry, outgoing);
    outgoing.limit({ clock, timeoutMs: leftMs }, () => unsentError(frame, connection));
    stream.enqueue(outgoing);
  }

  /** Intercepts the outcome of a message before its sender gets it. */
  #track(entry: Entry, outgoing: Outgoing): void {
    const { settle } = outgoing;
    entry.outgoing = outgoing;
    this.#byOutgoing.set(outgoing, entry);
    outgoing.isNotFor = (user) => {
      const { stored } = entry;
      entry.isParked = stored.user !== undefined && stored.user !== user;
      return entry.isParked;
    };
    outgoing.settle = (error) => {
      if (outgoing.settled || (entry.isParked = this.#isForAnotherUser(entry, error))) return;
      const { status } = this.#client;
      const isRecoverable =
        this.#entries.has(entry) &&
        status.kind === 'closed' &&
        (error?.code === 'CLIENT_CLOSED' || error?.code === 'UNCERTAIN');
      if (isRecoverable) {
        Object.assign(entry, { outgoing: undefined, isOrphan: true, connection: undefined });
        return settle(closedError(status));
      }
      settle(error);
      this.#conclude(entry, error);
    };
  }

  /** Returns true when the error answers the current user, but the message belongs to another. */
  #isForAnotherUser({ stored, connection, isParked }: Entry, error?: CodedError): boolean {
    const { welcome } = this.#client;
    if (!error || !welcome || isParked || CLIENT_CODES.includes(error.code)) return false;
    return stored.user !== undefined && stored.user !== welcome.user && connection !== welcome.connection;
  }

  #conclude(entry: Entry, error?: CodedError): void {
    if (!this.#entries.delete(entry)) return;
    this.#writer
      ?.write(entry.key, undefined)
      .catch((cause: unknown) => this.#warn('answered messages cannot be removed', cause));
    if (entry.isOrphan) void this.#reportOutcome(entry.stored, error);
  }

  /** Reports the outcome in a microtask, because the client may still be under construction. */
  async #reportOutcome(
    { endpoint, type, data, user, storedAt }: OutboxMessage,
    error?: CodedError,
  ): Promise<void> {
    await Promise.resolve();
    try {
      const message = this.#read(type, data);
      this.#options.onOutcome({ endpoint, type, message, data, user, storedAt, error });
    } catch (cause) {
      this.#options.onWarning('nestwire: outbox: a listener threw', cause);
    }
  }

  /** Decodes the stored message; undefined when its class is missing. */
  #read(type: string, data: object): Message | undefined {
    try {
      const cls = this.#classes?.get(type);
      // Another version of the page may have stored it.
      if (!cls) throw new Error(`${type} is not in messages: add its class`);
      return decodeMessage(cls, data);
    } catch (cause) {
      this.#warn(`a stored ${type} cannot be decoded`, cause);
      return undefined;
    }
  }

  /** Stores that a message may have been sent; `send` waits until this is stored. */
  #mark(entry: Entry, outgoing: Outgoing): void {
    const { stored } = entry;
    const { welcome, options } = this.#client;
    // Messages are sent while connected only, and their time limit is set before.
    entry.connection = welcome!.connection;
    if (stored.id) return;
    const now = this.#options.now();
    const until = now + outgoing.until! - options.clock.now();
    Object.assign(stored, { id: outgoing.frame.id, user: outgoing.user, sentAt: now, until });
    entry.marking = this.#write(entry)?.finally(() => (entry.marking = undefined));
  }

  #write({ key, stored, outgoing }: Entry): Promise<unknown> | undefined {
    return this.#writer?.write(key, stored).catch((cause: unknown) => {
      this.#warn('messages cannot be stored', cause);
      outgoing?.settle(clientError('QUEUE_FULL', 'the browser cannot store it', { cause }));
    });
  }

  #warn(text: string, cause: unknown): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#options.onWarning(`nestwire: outbox: ${text}`, cause);
  }
}
