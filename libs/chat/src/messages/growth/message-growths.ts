import { Logger } from '@nestjs/common';
import { demandStored } from '../../channels/stored-messages.js';
import type { ChatDatabase } from '../../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../../error/chat-error.js';
import type { ChatActor } from '../../policy/chat-actor.js';
import type { ChatMessage } from '../chat-message.js';
import { existingMessage, MessageChanger, type MessagePlace } from '../message-change.js';
import { ContentCheck } from '../message-content.js';
import type { MessageContext } from '../message-context.js';
import { MessagePosts } from '../message-posts.js';
import { messageAt, type MessageKey } from '../message-rows.js';
import { GrowingMessage, type GrowthSource } from './growing-message.js';
import type { ChatGrowthOptions } from './growth.options.js';
import { GrowthEnding, type GrowOptions, type GrowthJob, type NewGrowingMessage } from './growth-ending.js';
import { GrowthStore } from './growth-store.js';

/** The looks for messages of dead servers within one lease. */
const LOOKS = 3;

/** A piece of a growing message, with its place in the whole text. */
export interface GrowthPiece {
  readonly offset: number;
  readonly text: string;
}

/** The parts that growing messages need. */
export interface GrowthParts extends MessageContext {
  readonly database: ChatDatabase;
  /** Sends a piece to the readers of the channel. */
  readonly send: (key: MessageKey, piece: GrowthPiece) => void;
}

/** Runs the growing messages of this server, and ends those of servers that died. */
export class MessageGrowths {
  private readonly logger = new Logger('Chat');
  private readonly store: GrowthStore;
  private readonly posts: MessagePosts;
  private readonly ending: GrowthEnding;
  private readonly growing = new Map<string, GrowingMessage>();
  /** All calls of `grow` that have not settled. */
  private readonly calls = new Set<Promise<ChatMessage>>();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly parts: GrowthParts,
    private readonly settings: Required<ChatGrowthOptions>,
  ) {
    const { database, work, hooks, limits, maxAttachments } = parts;
    const content = new ContentCheck(hooks, limits, maxAttachments);
    this.store = new GrowthStore(database, work, settings.leaseMs);
    this.posts = new MessagePosts({ ...parts, changer: new MessageChanger(parts), content });
    this.ending = new GrowthEnding({ ...parts, content, store: this.store }, settings);
  }

  /** Begins to look for messages of servers that died. */
  start(): void {
    const look = () => {
      this.store
        .failExpired((key) => this.growing.has(nameOf(key)))
        .catch((error: unknown) => {
          this.logger.warn(`Growing messages of dead servers wait: ${String(error)}`);
        });
    };
    this.timer = setInterval(look, this.settings.leaseMs / LOOKS).unref();
  }

  /** Stops all messages that grow here, and waits until their text is stored. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    for (const message of this.growing.values()) message.stop();
    await Promise.allSettled(this.calls);
  }

  /** Posts a message, and lets it grow until its source ends. Resolves to the final message. */
  async grow(
    actor: ChatActor,
    message: NewGrowingMessage,
    source: GrowthSource,
    options: GrowOptions = {},
  ): Promise<ChatMessage> {
    this.demandRoom();
    const call = this.begin(actor, message, source, options);
    this.calls.add(call);
    try {
      return await call;
    } finally {
      this.calls.delete(call);
    }
  }

  /** Stops a growing message on whichever server it grows; one that has ended remains as it is. */
  async stop(actor: ChatActor, { channelId, seq }: MessagePlace): Promise<void> {
    const { work, gate } = this.parts;
    const key = { tenant: actor.tenant, channel_id: channelId, seq };
    const isGrowing = await work.read(async (queries) => {
      const open = await gate.look(queries, actor, channelId);
      demandStored(open.channel, 'A growing message');
      const { author_id: authorId, reply_to, growth } = await existingMessage(queries, open.channel, seq);
      const asked = reply_to === null ? undefined : await messageAt(queries, { ...key, seq: reply_to });
      await gate.demand(open, 'message.stop', { authorId, askerId: asked?.author_id ?? null });
      return growth === 'growing';
    });
    if (!isGrowing) return;
    const here = this.growing.get(nameOf(key));
    if (here) here.stop();
    else await this.store.askToStop(key);
  }

  private demandRoom(): void {
    const { maxGrowing } = this.settings;
    if (this.isClosed)
      throw new ChatError(ChatErrorCode.Unavailable, 'The server shuts down. Try again on another one.');
    if (this.calls.size >= maxGrowing)
      throw new ChatError(
        ChatErrorCode.Overloaded,
        `At most ${maxGrowing} messages grow in this process at once. Try again later.`,
      );
  }

  private async begin(
    actor: ChatActor,
    message: NewGrowingMessage,
    source: GrowthSource,
    options: GrowOptions,
  ): Promise<ChatMessage> {
    const { posted, isNew, type } = await this.posts.begin(actor, message, (queries, row) =>
      this.store.begin(queries, row),
    );
    if (!isNew) return posted;
    const key = { tenant: actor.tenant, channel_id: posted.channelId, seq: posted.seq };
    const { maxTextLength = this.parts.limits.maxTextLength } = type.limits;
    return this.run({ key, actor, message, options, maxTextLength }, source);
  }

  private async run(job: GrowthJob, source: GrowthSource): Promise<ChatMessage> {
    const { key, options } = job;
    const growing = new GrowingMessage(
      {
        store: (text) => this.store.store(key, text),
        send: (piece) => this.parts.send(key, piece),
      },
      this.settings,
      job.maxTextLength,
    );
    const stop = () => growing.stop();
    options.signal?.addEventListener('abort', stop, { once: true });
    if (options.signal?.aborted || this.isClosed) stop();
    this.growing.set(nameOf(key), growing);
    try {
      return await this.ending.finish(job, await growing.run(source), growing.text);
    } finally {
      this.growing.delete(nameOf(key));
      options.signal?.removeEventListener('abort', stop);
    }
  }
}

function nameOf({ tenant, channel_id, seq }: MessageKey): string {
  return `${tenant}:${channel_id}:${seq}`;
}
