import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { MessagesService, PostResult, Subscription } from '@nestwire/messages';
import { LogLimiter, Publication, ReservedChannel } from '@nestwire/messages/internal';
import { CodedError, create, ErrorCode, StreamMessage, type Message } from '@nestwire/protocol';
import { encodingOf } from '@nestwire/protocol/compiled';
import type { ConnectionRegistry } from '../connection/connection-registry.js';

/** Carries a message to the other servers of the cluster, for the sessions of one user. */
@StreamMessage('nestwire.user-message')
class UserMessage {
  declare readonly $type: 'nestwire.user-message';
  /** The id of the posting process, which has already sent it to its own sessions. */
  from!: string;
  endpoint!: string;
  userId!: string;
  type!: string;
  /** The properties of the message, as JSON text. */
  data!: string;
}

const CHANNEL = new ReservedChannel('user-messages', [UserMessage]);

/** Sends messages to all sessions of a user in the cluster. */
export class UserMessages {
  private readonly origin = randomUUID();
  private readonly log = new LogLimiter((line) => new Logger('Streams').warn(line));
  private subscription: Promise<Subscription> | undefined;
  private dropped = 0;

  constructor(
    private readonly messages: MessagesService,
    private readonly connections: Pick<ConnectionRegistry, 'connectionsOf'>,
  ) {}

  /** The number of messages that were dropped for clients that read too slowly. */
  get droppedMessages(): number {
    return this.dropped;
  }

  /** Subscribes to the messages of other servers; resolves once they arrive. */
  async start(): Promise<void> {
    this.subscription = this.messages.addListener(CHANNEL, (message) => this.take(message));
    await this.subscription;
  }

  /** Unsubscribes. */
  async stop(): Promise<void> {
    (await this.subscription)?.remove();
  }

  /**
   * Sends a message to the sessions of this process, and posts it for the other servers.
   *
   * @throws {CodedError} INVALID_MESSAGE when `endpoint` or `userId` is empty
   * @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE when the message cannot be encoded
   */
  async send(endpoint: string, userId: string, message: Message): Promise<PostResult> {
    if (!isText(endpoint) || !isText(userId)) throw withoutReceiver();
    const { type, data } = encodingOf(message);
    const order = create(UserMessage, { from: this.origin, endpoint, userId, type, data });
    const posted = this.messages.postMessage(CHANNEL, order);
    this.deliver(endpoint, userId, message);
    return posted;
  }

  private take({ from, endpoint, userId, type, data }: UserMessage): void {
    if (from === this.origin || !isText(endpoint) || !isText(userId)) return;
    if (!this.connections.connectionsOf(userId).size) return;
    try {
      const { message } = new Publication(CHANNEL.name, String(type), String(data));
      this.deliver(endpoint, userId, message);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.log.log('user-message', `A message to a user cannot be decoded and is not sent: ${why}`);
    }
  }

  private deliver(endpoint: string, userId: string, message: Message): void {
    for (const { streams } of this.connections.connectionsOf(userId))
      this.dropped += streams.deliver(endpoint, message);
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function withoutReceiver(): CodedError {
  return new CodedError(
    ErrorCode.InvalidMessage,
    'sendToUser() needs the name of an endpoint and the id of a user; neither may be empty.',
  );
}
