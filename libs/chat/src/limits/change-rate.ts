import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';

/** Counts the changes of each user. The server itself is not limited. */
export class ChangeRate {
  constructor(private readonly limiter: RateLimiterAbstract) {}

  /**
   * Counts one change.
   *
   * @throws {ChatError} CHAT_RATE_LIMITED with `retryAfterMs` when the user has made too many
   * @throws {ChatError} CHAT_UNAVAILABLE when the store of the limiter fails
   */
  async spend(actor: ChatActor): Promise<void> {
    if (actor.kind === 'server') return;
    try {
      await this.limiter.consume(`${actor.tenant}:${userIdOf(actor)}`);
    } catch (refused) {
      throw refusal(refused);
    }
  }
}

function refusal(refused: unknown): ChatError {
  const { msBeforeNext } = refused as Partial<RateLimiterRes>;
  if (typeof msBeforeNext !== 'number')
    return new ChatError(ChatErrorCode.Unavailable, 'The rate of the user cannot be checked. Try again.', {
      cause: refused,
      retryAfterMs: 1_000,
    });
  return new ChatError(ChatErrorCode.RateLimited, `Too many changes. Try again in ${msBeforeNext} ms.`, {
    retryAfterMs: msBeforeNext,
  });
}
