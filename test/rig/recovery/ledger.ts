import type { Position } from '@nestwire/messages';
import type { Draft, Stored } from '@nestwire/messages/backend';
import { messageIdOf } from '@nestwire/messages/internal';
import type { ModelMessage } from '../delivery/branch.js';

/** The outcome of one call that posts a message. */
export interface Outcome {
  readonly code: string;
  readonly position?: Position;
  readonly isDuplicate?: boolean;
  /** On which branch of the channel it ended. */
  readonly branch: number;
}

/** A post, which may be repeated with its id. */
export interface Post {
  readonly id: string;
  readonly channel: string;
  readonly node: number;
  readonly atMs: number;
  readonly outcomes: Outcome[];
}

/** The true state of a channel, independent of the processes. */
interface Truth {
  /** All that was stored on the present branch, trimmed or not. */
  all: ModelMessage[];
  /** Counts the times that it was replaced or begun anew. */
  branch: number;
  inFlight: number;
  /** All links between a message, its predecessor and its position. */
  readonly links: Set<string>;
  /** The ids of the present branch's posts that may be repeated: made since it began. */
  repeatable: Post[];
}

/** Two places, and the messages that may stand between them. */
interface Way {
  readonly from: Position;
  readonly to: Position;
  readonly had: ReadonlySet<string>;
}

/** Writes down what was stored and what was promised: what the invariants compare with. */
export class Ledger {
  /** Changes whenever a history is called or answers. */
  activity = 0;
  /** Calls of histories that have not ended. */
  pending = 0;
  readonly posts = new Map<string, Post>();
  readonly #truths = new Map<string, Truth>();

  /** Returns what is true of a channel. */
  of(channel: string): Truth {
    const truth = this.#truths.get(channel) ?? newTruth();
    this.#truths.set(channel, truth);
    return truth;
  }

  /** Notes what a history has stored. */
  stored(channel: string, drafts: readonly Draft[], results: ReadonlyArray<Stored | Error>): void {
    const { all, links } = this.of(channel);
    drafts.forEach(({ id }, index) => {
      const result = results[index]!;
      if (result instanceof Error || result.isDuplicate) return;
      const { epoch, offset } = result.position;
      const previousId = all[offset - 2]?.id ?? '';
      all[offset - 1] = { epoch, offset, id, previousId, messageId: id };
      links.add(linkOf(previousId, { epoch, offset, id }));
      // Of two processes the one that stored later may be told first.
      const next = all[offset];
      if (next) links.add(linkOf(id, next));
    });
  }

  /** Tells whether a message was ever stored behind another. */
  hasLink(channel: string, previousId: string, position: Position): boolean {
    return this.of(channel).links.has(linkOf(previousId, position));
  }

  /** Returns the places of known messages that lead from one place to another; none where they do not. */
  between(channel: string, { from, to, had }: Way): readonly Position[] {
    if (to.epoch !== from.epoch || to.offset <= from.offset + 1) return [];
    for (const id of had) {
      const before = { epoch: to.epoch, offset: to.offset - 1, id };
      if (!this.hasLink(channel, id, to)) continue;
      if (before.offset === from.offset + 1 && this.hasLink(channel, from.id, before)) return [before];
      const rest = this.between(channel, { from, to: before, had });
      if (rest.length > 0) return [...rest, before];
    }
    return [];
  }

  /** Returns what takes the channel back to what it is now. */
  save(channel: string): () => void {
    const saved = [...this.of(channel).all];
    return () => this.#branchOff(channel, saved);
  }

  /** The channel begins anew. */
  lose(channel: string): void {
    this.#branchOff(channel, []);
  }

  /** Forgets all. */
  clear(): void {
    this.posts.clear();
    this.#truths.clear();
  }

  #branchOff(channel: string, all: readonly ModelMessage[]): void {
    const truth = this.of(channel);
    truth.all = [...all];
    truth.branch++;
    truth.repeatable = [];
  }
}

function newTruth(): Truth {
  return { all: [], branch: 0, inFlight: 0, links: new Set(), repeatable: [] };
}

function linkOf(previousId: string, { epoch, offset, id }: Position): string {
  return `${epoch} ${offset} ${previousId}>${id}`;
}

/** How often a message was stored is nothing to whoever reads it: its own id stands for it. */
export function placeOf({ epoch, offset, id }: Position): Position {
  return { epoch, offset, id: messageIdOf({ epoch, offset, id }) };
}
