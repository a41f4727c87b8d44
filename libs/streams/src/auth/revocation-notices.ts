import { Logger } from '@nestjs/common';
import type { UserRevocation, UsersToRecheck } from './user-revocation.js';

/** The minimum time between two rounds, in milliseconds. */
const ROUND_MS = 500;
/** The maximum number of users per round; above it, all users are rechecked. */
const MAX_USERS = 10_000;
const MAX_TEXT_CHARACTERS = 1_024;
const MAX_SCOPES = 1_000;

/**
 * Batches the revocations of other servers into rounds of rechecks.
 *
 * The first notice after a pause starts a round at once. Notices within the next half second wait for the
 * next round, in which each user is rechecked once.
 */
export class RevocationNotices {
  private readonly logger = new Logger('Streams');
  private waiting = new Map<string, UserRevocation>();
  private isOverflowing = false;
  private malformed = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param recheck rechecks users; called once per round, does not throw */
  constructor(private readonly recheck: (users: UsersToRecheck) => void) {}

  /** Adds a notice; one without a user id is dropped and counted. */
  take(notice: UserRevocation): void {
    const { userId } = notice;
    if (!isText(userId)) return this.drop();
    const narrowing = narrowingOf(notice);
    const before = this.waiting.get(userId);
    if (!before && this.waiting.size >= MAX_USERS) this.isOverflowing = true;
    // Two notices about different parts of a user widen to the whole user, because rechecking more is
    // harmless.
    else
      this.waiting.set(userId, before && !isSame(before, narrowing) ? { userId } : { userId, ...narrowing });
    if (!this.timer) this.runRound();
  }

  /** Stops all further rounds. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.clear();
  }

  private runRound(): void {
    const users = this.isOverflowing ? 'all' : this.waiting;
    this.waiting = new Map();
    this.isOverflowing = false;
    this.recheck(users);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.waiting.size) this.runRound();
    }, ROUND_MS);
    this.timer.unref();
  }

  private drop(): void {
    if (this.malformed++) return;
    this.logger.warn(
      'A revocation from another server without a user id was dropped. Further ones are only counted.',
    );
  }
}

type Narrowing = Pick<UserRevocation, 'tokenId' | 'scopes'>;

/** Returns the part of the user that a notice names; the whole user if it is malformed. */
function narrowingOf({ tokenId, scopes }: UserRevocation): Narrowing {
  if (tokenId !== undefined && !isText(tokenId)) return {};
  if (scopes !== undefined && !isScopes(scopes)) return {};
  return { ...(tokenId !== undefined && { tokenId }), ...(scopes && { scopes }) };
}

function isSame(one: Narrowing, other: Narrowing): boolean {
  return one.tokenId === other.tokenId && one.scopes?.join('\n') === other.scopes?.join('\n');
}

function isScopes(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.length <= MAX_SCOPES && value.every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_CHARACTERS;
}
