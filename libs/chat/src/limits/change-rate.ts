import { RateLimiterMemory, type RateLimiterAbstract, type RateLimiterRes } from 'rate-limiter-flexible';
import type { ChannelType } from '../channels/channel-type.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';

/** Counts the changes of each user. The server itself is not limited. */
export class ChangeRate {
  private readonly ofTypes = new Map<string, RateLimiterAbstract>();

  constructor(
    private readonly limiter: RateLimiterAbstract,
    private readonly windowMs: number,
  ) {}

  /**
   * Counts one change; a post or an edit also counts against the rate of the type of its channel.
   *
   * @throws {ChatError} CHAT_RATE_LIMITED with `retryAfterMs` when the user has made too many
   * @throws {ChatError} CHAT_UNAVAILABLE when the store of the limiter fails
   */
  async spend(actor: ChatActor, type?: ChannelType): Promise<void> {
    if (actor.kind === 'server') return;
    const key = `${actor.tenant}:${userIdOf(actor)}`;
    try {
      // The application may give one limiter to several types.
      if (type) await this.limiterOf(type)?.consume(`${key}:${type.name}`);
      await this.limiter.consume(key);
    } catch (refused) {
      throw refusal(refused);
    }
  }

  private limiterOf({ name, limits, rateLimiter }: ChannelType): RateLimiterAbstract | undefined {
    const { postsPerWindow: points } = limits;
    if (rateLimiter || points === undefined) return rateLimiter;
    const limiter =
      this.ofTypes.get(name) ?? new RateLimiterMemory({ points, duration: this.windowMs / 1_000 });
    this.ofTypes.set(name, limiter);
    return limiter;
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
