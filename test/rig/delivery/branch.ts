import type { Link, Position } from '../../../libs/messages/src/history/position.js';
import type { HistoryPage } from '../../../libs/messages/src/history/recovery.js';

/** A message of the model. What names its place need not be what names it. */
export interface ModelMessage extends Link {
  readonly messageId: string;
}

/**
 * The meaning of the id in a position: the last message, or the whole past up to it.
 *
 * The two differ when a post is repeated, with its id, on a branch that has not seen it.
 */
export type Naming = 'message' | 'past';

/** How many messages a branch keeps. */
const KEPT = 6;
/** How many messages a page holds. */
const PAGE = 5;

/** Makes names that no other thing in a history of the model has. */
export class Names {
  #last = 0;

  next(kind: string): string {
    return `${kind}${++this.#last}`;
  }
}

/**
 * The data of one Redis about a channel.
 *
 * A failover and a restart from older data make two branches of one history; each goes on by itself.
 */
export class Branch {
  /** All messages of the epoch, those that are no longer kept too: what the invariants compare with. */
  all: ModelMessage[] = [];
  #kept: ModelMessage[] = [];
  #epoch: string | undefined;
  #stored = new Set<string>();

  constructor(
    private readonly names: Names,
    private readonly naming: Naming,
  ) {}

  /** The last message, or the beginning; opens an epoch where there is none. */
  get head(): Position {
    return this.all.at(-1) ?? { epoch: this.#open(), offset: 0, id: '' };
  }

  /** Returns a branch that is the same until now. */
  fork(): Branch {
    const fork = new Branch(this.names, this.naming);
    fork.#epoch = this.#epoch;
    fork.all = [...this.all];
    fork.#kept = [...this.#kept];
    fork.#stored = new Set(this.#stored);
    return fork;
  }

  /** Stores a message; undefined when one with this id was stored already. */
  store(messageId: string): ModelMessage | undefined {
    if (this.#stored.has(messageId)) return undefined;
    const { epoch, offset, id: previousId } = this.head;
    const id = this.naming === 'message' ? messageId : `${previousId}>${messageId}`;
    const message = { epoch, offset: offset + 1, id, previousId, messageId };
    this.all.push(message);
    this.#kept = [...this.#kept, message].slice(-KEPT);
    this.#stored.add(messageId);
    return message;
  }

  /** Reads what is kept behind a position; nothing but the top without one. */
  read(since: Position | undefined): HistoryPage<ModelMessage> {
    const { head } = this;
    const behind = since ? this.#kept.filter(({ offset }) => offset > since.offset) : [];
    return { head, messages: behind.slice(0, PAGE), isCut: behind.length > PAGE };
  }

  /** Loses the messages, as an eviction of the stream does. */
  loseMessages(): void {
    this.#kept = [];
  }

  /** Loses the counter; the messages follow when the next epoch opens, the ids of posts stay known. */
  loseTop(): void {
    this.#epoch = undefined;
    this.all = [];
  }

  #open(): string {
    if (this.#epoch !== undefined) return this.#epoch;
    this.#kept = [];
    this.all = [];
    return (this.#epoch = this.names.next('epoch'));
  }
}
