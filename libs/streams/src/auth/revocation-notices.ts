import { Logger } from '@nestjs/common';
import type { UserRevocation, UsersToRecheck } from './user-revocation.js';

/** The least time between two rounds, in milliseconds. */
const ROUND_MS = 500;
/** The most users of one round; beyond it all users are judged. */
const MAX_USERS = 10_000;
const MAX_TEXT_CHARACTERS = 1_024;
const MAX_SCOPES = 1_000;

/**
 * Collects revocations of other servers; has each user judged once a round.
 *
 * The first notice after a while begins a round at once. Those that come within half a second of it wait for the
 * next round, in which a user counts once, however many notices name it.
 */
export class RevocationNotices {
  private readonly logger = new Logger('Streams');
  private waiting = new Map<string, UserRevocation>();
  private isOverflowing = false;
  private malformed = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param judge judges users; called once a round, does not throw */
  constructor(private readonly recheck: (users: UsersToRecheck) => void) {}

  /** Takes a notice in whichever form it came; one that names no user is dropped and counted. */
  take(notice: UserRevocation): void {
    const { userId } = notice;
    if (!isText(userId)) return this.drop();
    const narrowing = narrowingOf(notice);
    const before = this.waiting.get(userId);
    if (!before && this.waiting.size >= MAX_USERS) this.isOverflowing = true;
    // Two that name different parts of a user name all of it: to judge more than needed does no harm.
    else
      this.waiting.set(userId, before && !isSame(before, narrowing) ? { userId } : { userId, ...narrowing });
    if (!this.timer) this.runRound();
  }

  /** Judges nobody any more. */
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
    this.logger.warn('A revocation from Redis names no user and is dropped. This is said once.');
  }
}

type Narrowing = Pick<UserRevocation, 'tokenId' | 'scopes'>;

/** Returns which part of the user a notice is about; all of it where that cannot be read. */
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
