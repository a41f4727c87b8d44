import { randomUUID } from 'node:crypto';
import type { MessagesService, PostResult, Subscription } from '@nestwire/messages';
import { ReservedChannel } from '@nestwire/messages/internal';
import { CodedError, create, ErrorCode, StreamMessage } from '@nestwire/protocol';
import { RevocationNotices } from './revocation-notices.js';
import type { LiveConnection } from '../connection/live-connection.js';
import type { UserRecheck } from './user-recheck.js';
import type { UserRevocation } from './user-revocation.js';

/** Reports a revocation to the other servers of the cluster. */
@StreamMessage('nestwire.revocation')
class RevocationNotice {
  declare readonly $type: 'nestwire.revocation';
  /** The id of the posting process, which has already rechecked its own connections. */
  from!: string;
  userId!: string;
  tokenId?: string;
  scopes?: string[];
}

const CHANNEL = new ReservedChannel('revocations', [RevocationNotice]);

/** Revokes access on all servers of the cluster. */
export class Revocations {
  private readonly origin = randomUUID();
  private readonly notices = new RevocationNotices((users) => {
    void this.recheck.recheckUsers(users, this.connections);
  });
  private subscription: Promise<Subscription> | undefined;

  constructor(
    private readonly messages: MessagesService,
    private readonly recheck: UserRecheck,
    private readonly connections: () => Iterable<LiveConnection>,
  ) {}

  /** Subscribes to revocations; resolves once those of other servers arrive too. */
  async start(): Promise<void> {
    this.subscription = this.messages.addListener(CHANNEL, (notice) => {
      if (notice.from !== this.origin) this.notices.take(notice);
    });
    await this.subscription;
  }

  /** Unsubscribes from revocations. */
  async stop(): Promise<void> {
    (await this.subscription)?.remove();
    this.notices.stop();
  }

  /**
   * Rechecks the connections of this process and notifies the other servers; resolves when both is done.
   *
   * @throws {CodedError} INVALID_MESSAGE when `userId`, `tokenId` or `scopes` is empty
   */
  async revoke(revocation: UserRevocation): Promise<PostResult> {
    const { userId, tokenId, scopes } = checked(revocation);
    const notice = { from: this.origin, userId, ...(tokenId && { tokenId }), ...(scopes && { scopes }) };
    // Post first, so that the other servers work at the same time.
    const posted = this.messages.postMessage(CHANNEL, create(RevocationNotice, notice));
    const [result] = await Promise.all([posted, this.recheck.revoke(notice, this.connections)]);
    return result;
  }
}

/** Refuses empty names, because they would silently revoke nothing. */
function checked({ userId, tokenId, scopes }: UserRevocation): UserRevocation & { scopes?: string[] } {
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  const isWrong =
    !isText(userId) ||
    (tokenId !== undefined && !isText(tokenId)) ||
    (scopes !== undefined && !(Array.isArray(scopes) && scopes.length > 0 && scopes.every(isText)));
  if (!isWrong) return { userId, ...(tokenId && { tokenId }), ...(scopes && { scopes: [...scopes] }) };
  throw new CodedError(
    ErrorCode.InvalidMessage,
    'revoke() needs a non-empty userId, and no empty tokenId or scopes. Leave those out to revoke the whole user.',
  );
}
