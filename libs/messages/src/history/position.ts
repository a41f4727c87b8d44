/**
 * The position of a message in a channel with history.
 *
 * Offsets count from 1 within an epoch. After a failover one epoch can have several timelines, so the id of the
 * message is part of its position: it identifies the timeline.
 */
export interface Position {
  /** Identifies one life of the history; a new one starts after a loss of the history. */
  readonly epoch: string;
  /** The number of messages of the epoch up to this one; 0 before the first. */
  readonly offset: number;
  /**
   * The id of the message, then `~` and the id of the store attempt; empty before the first message.
   *
   * A post that is retried after a failover may get the same offset after other messages. The id of the
   * message alone would hide this.
   */
  readonly id: string;
}

/** The position of a message, with the id of its predecessor. */
export interface Link extends Position {
  /** The id of the preceding message; empty for the first of an epoch. */
  readonly previousId: string;
}

/** Returns the id of the message at a position. */
export function messageIdOf({ id }: Position): string {
  const end = id.indexOf('~');
  return end < 0 ? id : id.slice(0, end);
}

/** Returns true for equal positions of one timeline. */
export function isSamePosition(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.offset === b.offset && a.id === b.id;
}

/** Returns the position of a message, without the message. */
export function positionOf({ epoch, offset, id }: Position): Position {
  return { epoch, offset, id };
}
