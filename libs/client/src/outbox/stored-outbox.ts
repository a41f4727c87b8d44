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
import { mayRepeat, type StoredMessage } from './stored-message.js';

/** A message without an outcome. */
interface Held {
  readonly key: number;
  readonly stored: StoredMessage;
  /** What waits or flies of it; undefined while it rests in the box alone. */
  outgoing?: Outgoing;
  /** Nobody awaits it. */
  isOrphan?: boolean;
  /** It waits for its user to come back. */
  isParked?: boolean;
  /** The connection that it went by last. */
  connection?: string;
  /** While it is written down that it may have been sent. */
  marking?: Promise<unknown>;
}

/** What the client itself says of a message, whoever the user is. */
const OWN_ENDS = /^(ABORTED|ANSWER_TIMEOUT|BUSY|NOT_CONNECTED)$/;

/** An outbox over a box, or without one in the memory of the page. */
export class StoredOutbox extends Outbox {
  readonly limits;
  readonly #options: ResolvedOutboxOptions;
  readonly #box: ClaimedBox | undefined;
  readonly #writer: BoxWriter<StoredMessage> | undefined;
  readonly #held = new Set<Held>();
  readonly #byOutgoing = new WeakMap<Outgoing, Held>();
  /** By endpoint, what all that is sent next goes behind. */
  readonly #gates = new Map<string, Promise<unknown>>();
  readonly #pace = new Pace();
  readonly #warned = new Set<string>();
  #connection?: OutboxConnection;
  #classes?: ReadonlyMap<string, MessageClass>;
  #stop?: () => void;
  #user?: string | null;
  #lastKey = 0;
  #isClosed = false;
  #taking: Promise<unknown> = Promise.resolve();

  constructor(options: ResolvedOutboxOptions, box?: ClaimedBox) {
    super();
    this.#options = options;
    this.#user = options.user;
    this.limits = { offline: 'queue', timeoutMs: options.maxAgeMs } as const;
    this.#box = box;
    this.#writer = box && new BoxWriter((changes) => box.boxes.write(box.number, changes));
    for (const { key, value } of box?.entries ?? []) this.#inherit(key, value);
  }

  get isDurable(): boolean {
    return Boolean(this.#box) && !this.#isClosed;
  }

  get size(): number {
    return this.#held.size;
  }

  attach(connection: OutboxConnection, classes: ReadonlyMap<string, MessageClass>): void {
    if (this.#connection) throw new TypeError('An outbox is for one client: open another');
    this.#connection = connection;
    this.#classes = classes;
    Object.assign(connection, this.#box?.head);
    this.#stop = addListener(connection.listeners, () => this.#heard());
    this.#resumeAll();
  }

  add(outgoing: Outgoing, message: Message): void {
    const { maxMessages, maxBytes, now } = this.#options;
    const { bytes, own, frame } = outgoing;
    if (own) throw new TypeError('A listener sends at each open: what it sends cannot be durable');
    if (this.#isClosed) throw clientError('CLIENT_CLOSED', 'the outbox is closed: open another');
    let allBytes = bytes;
    for (const { stored } of this.#held) allBytes += stored.bytes;
    if (this.#held.size >= maxMessages || allBytes > maxBytes)
      throw clientError('QUEUE_FULL', `the outbox holds ${maxMessages} messages, ${maxBytes} bytes`);
    const { endpoint, type } = frame;
    const data = encodeProperties(message);
    const stored = { endpoint, type, data, bytes, storedAt: now(), user: this.#user };
    const held: Held = { key: ++this.#lastKey, stored };
    this.#held.add(held);
    this.#follow(held, outgoing);
    void this.#write(held);
  }

  send(outgoing: Outgoing, send: () => void): void {
    const held = this.#byOutgoing.get(outgoing);
    if (held) this.#mark(held, outgoing);
    const paced = held && this.#pace.next(this.#connection!.options.clock);
    const { endpoint } = outgoing.frame;
    const before = this.#gates.get(endpoint);
    if (!before && !paced && !held?.marking) return send();
    const gate = Promise.all([before, paced, held?.marking]).then(() => {
      if (!outgoing.settled) send();
      if (this.#gates.get(endpoint) === gate) this.#gates.delete(endpoint);
    });
    this.#gates.set(endpoint, gate);
  }

  async clear(): Promise<void> {
    const removals: Promise<unknown>[] = [];
    this.#user = undefined;
    for (const held of this.#held) {
      this.#held.delete(held);
      removals.push(this.#writer?.write(held.key, undefined) ?? Promise.resolve());
      held.outgoing?.settle(clientError('ABORTED', 'the outbox was cleared'));
    }
    await Promise.all(removals);
    if (this.#box && !this.#isClosed) await dropFreeBoxes(this.#box);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop?.();
    this.#pace.stop();
    await this.#taking;
    await this.#writer?.idle();
    this.#box?.boxes.close();
    this.#box?.release();
  }

  #inherit(key: number, stored: StoredMessage): void {
    this.#lastKey = Math.max(this.#lastKey, key);
    this.#held.add({ key, stored, isOrphan: true });
  }

  #heard(): void {
    const { status, options } = this.#connection!;
    const parked = [...this.#held].filter(({ isParked }) => isParked);
    if (status.kind === 'connecting') this.#resumeAll();
    if (status.kind === 'connected') {
      this.#user = status.user;
      this.#taking = this.#taking.then(() => this.#takeOver());
    }
    for (const held of parked) {
      const { stored, outgoing } = held;
      const isOver = stored.id && outgoing!.until! <= options.clock.now();
      if (status.kind === 'closed' || isOver) outgoing!.settle(clientError('UNCERTAIN'));
      else if (status.kind === 'connected' && stored.user === status.user) {
        held.isParked = false;
        this.#connection!.streamOf(stored.endpoint).enqueue(outgoing!);
      }
    }
  }

  async #takeOver(): Promise<void> {
    if (!this.#box || this.#isClosed) return;
    try {
      const taken = await takeOver(this.#box, () => ++this.#lastKey, this.#options.now());
      for (const { key, value } of taken) this.#inherit(key, value);
      if (this.#connection!.status.kind !== 'closed') this.#resumeAll();
    } catch (error) {
      this.#warn('what other pages left cannot be read', error);
    }
  }

  /** Lets all that rests in the box wait in the streams, in its order. */
  #resumeAll(): void {
    for (const held of this.#held) if (!held.outgoing) this.#resume(held);
  }

  #resume(held: Held): void {
    const connection = this.#connection!;
    const { now, maxAgeMs } = this.#options;
    const { endpoint, type, data, bytes, id = 0, user, until, storedAt } = held.stored;
    const { clock } = connection.options;
    const leftMs = Math.min(maxAgeMs, storedAt + maxAgeMs - now());
    const isOver = id ? !mayRepeat(held.stored, now()) : leftMs <= 0;
    if (isOver)
      return this.#conclude(held, clientError(id ? 'UNCERTAIN' : 'NOT_CONNECTED', 'the page was gone'));
    const frame: Sendable = { t: 'message', id, endpoint, type, data };
    const outgoing: Outgoing = Object.assign(new Pending(), {
      ...{ frame, bytes, offline: 'queue' as const, own: false },
      ...(id && { user, until: clock.now() + until! - now() }),
    });
    // What becomes of it is told in another way.
    outgoing.promise.catch(() => undefined);
    this.#follow(held, outgoing);
    outgoing.limit({ clock, timeoutMs: leftMs }, () => unsentError(frame, connection));
    connection.streamOf(endpoint).enqueue(outgoing);
  }

  /** Hears what becomes of a message, before its sender does. */
  #follow(held: Held, outgoing: Outgoing): void {
    const { settle } = outgoing;
    held.outgoing = outgoing;
    this.#byOutgoing.set(outgoing, held);
    outgoing.isNotFor = (user) => {
      const { stored } = held;
      held.isParked = stored.user !== undefined && stored.user !== user;
      return held.isParked;
    };
    outgoing.settle = (error) => {
      if (outgoing.settled || (held.isParked = this.#isMeantForAnother(held, error))) return;
      const { status } = this.#connection!;
      const isRecoverable =
        this.#held.has(held) && status.kind === 'closed' && /^(CLIENT_CL|UNC)/.test(error?.code ?? '');
      if (isRecoverable) {
        Object.assign(held, { outgoing: undefined, isOrphan: true, connection: undefined });
        return settle(closedError(status));
      }
      settle(error);
      this.#conclude(held, error);
    };
  }

  /** Tells whether the server said that to another user, who is there now. */
  #isMeantForAnother({ stored, connection, isParked }: Held, error?: CodedError): boolean {
    const { welcome } = this.#connection!;
    if (!error || !welcome || isParked || OWN_ENDS.test(error.code)) return false;
    return stored.user !== undefined && stored.user !== welcome.user && connection !== welcome.connection;
  }

  #conclude(held: Held, error?: CodedError): void {
    if (!this.#held.delete(held)) return;
    this.#writer
      ?.write(held.key, undefined)
      .catch((cause: unknown) => this.#warn('messages that have their answer cannot be removed', cause));
    if (held.isOrphan) void this.#tell(held.stored, error);
  }

  /** Later, as the client may be still in the making. */
  async #tell({ endpoint, type, data, user, storedAt }: StoredMessage, error?: CodedError): Promise<void> {
    await Promise.resolve();
    try {
      const message = this.#read(type, data);
      this.#options.onOutcome({ endpoint, type, message, data, user, storedAt, error });
    } catch (cause) {
      this.#options.onWarning('nestwire: outbox: a listener threw', cause);
    }
  }

  /** Makes the message again; without its class the outcome has the properties alone. */
  #read(type: string, data: object): Message | undefined {
    try {
      const cls = this.#classes!.get(type);
      // The page that stored it may have been another version.
      if (!cls) throw new Error(`${type} is not in messages: add its class`);
      return decodeMessage(cls, data);
    } catch (cause) {
      this.#warn(`the outcome of a stored ${type} has no message`, cause);
      return undefined;
    }
  }

  /** Notes that a message may have been sent; it is sent when that is written. */
  #mark(held: Held, outgoing: Outgoing): void {
    const { stored } = held;
    const { welcome, options } = this.#connection!;
    held.connection = welcome!.connection;
    if (stored.id) return;
    const now = this.#options.now();
    const until = now + outgoing.until! - options.clock.now();
    Object.assign(stored, { id: outgoing.frame.id, user: outgoing.user, sentAt: now, until });
    held.marking = this.#write(held)?.finally(() => (held.marking = undefined));
  }

  #write({ key, stored, outgoing }: Held): Promise<unknown> | undefined {
    return this.#writer?.write(key, stored).catch((cause: unknown) => {
      this.#warn('messages cannot be kept', cause);
      outgoing!.settle(clientError('QUEUE_FULL', 'the browser does not keep it', { cause }));
    });
  }

  #warn(text: string, cause: unknown): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#options.onWarning(`nestwire: outbox: ${text}`, cause);
  }
}
