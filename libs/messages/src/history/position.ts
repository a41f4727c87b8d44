/**
 * Where a message stands in a channel with history.
 *
 * Offsets count from 1 within an epoch. After a failover one epoch can have several branches, so the
 * id of the message is part of its position: it names the branch.
 */
export interface Position {
  /** Names one life of the history; another one begins when the history was lost. */
  readonly epoch: string;
  /** How many messages of the epoch were stored up to this one; 0 before the first. */
  readonly offset: number;
  /**
   * The id of the message, and behind a `~` what tells this storing of it from others; empty before
   * the first.
   *
   * A post that is tried again after a failover may come to stand where it stood, behind another past:
   * the id of the message alone would hide that.
   */
  readonly id: string;
}

/** What continues a position: a message, and the one before it. */
export interface Link extends Position {
  /** The id of the message stored before; empty for the first of an epoch. */
  readonly previousId: string;
}

/** Returns the id of the message that stands at a position. */
export function messageIdOf({ id }: Position): string {
  const end = id.indexOf('~');
  return end < 0 ? id : id.slice(0, end);
}

/** Tells whether two positions are the same place of the same branch. */
export function isSamePosition(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.offset === b.offset && a.id === b.id;
}

/** Returns the position of a message, without the message. */
export function positionOf({ epoch, offset, id }: Position): Position {
  return { epoch, offset, id };
}
