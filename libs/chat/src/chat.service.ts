import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { ChatAttachments } from './attachments/chat-attachments.js';
import { ChatFiles } from './attachments/chat-files.js';
import { ChannelGate } from './channels/channel-gate.js';
import { ChannelTypes } from './channels/channel-type.js';
import { ChatChannels } from './channels/chat-channels.js';
import { ListOrder } from './channels/list-order.js';
import { ChatLists } from './channels/chat-lists.js';
import type { ChatOptions } from './chat.options.js';
import { ChatDatabase } from './database/chat-database.js';
import { ChangeRate } from './limits/change-rate.js';
import { chatLimits, type ChatLimits } from './limits/chat-limits.js';
import { ChatHistory } from './messages/chat-history.js';
import { ChatHooks } from './messages/chat-hooks.js';
import { EphemeralRooms } from './relay/ephemeral-rooms.js';
import { ChatMessages } from './messages/chat-messages.js';
import { growthSettings } from './messages/growth/growth.options.js';
import { MessageGrowths, type GrowthParts } from './messages/growth/message-growths.js';
import { ChatSearch } from './messages/chat-search.js';
import { MessageReader } from './messages/message-reader.js';
import { ReadPointers } from './messages/read-pointers.js';
import { ChangePublisher } from './relay/change-publisher.js';
import { ChatWork } from './outbox/chat-work.js';
import { OutboxRelay } from './relay/outbox-relay.js';
import { relaySettings } from './relay/relay.options.js';
import { ChatPolicy } from './policy/chat-policy.js';
import { ChatPrivacy } from './privacy/chat-privacy.js';
import { ChatGuests } from './guests/chat-guests.js';
import { ChatProfiles } from './users/chat-profiles.js';
import { ChatGrowth } from './wire/growth-events.js';
import { chatLive } from './wire/chat-topics.js';

/** The token of the options of the chat. */
export const CHAT_OPTIONS = Symbol('CHAT_OPTIONS');

/**
 * The chat, for bots, jobs and HTTP.
 *
 * Each call names its actor: `chatUser(id)`, `chatGuest(id)` or `chatServer()`. The policy decides about all.
 */
@Injectable()
export class ChatService implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  /** Creates and changes channels and their members. */
  readonly channels: ChatChannels;
  /** Reads lists of channels and members. */
  readonly lists: ChatLists;
  /** Posts and changes messages. */
  readonly messages: ChatMessages;
  /** Receives files for messages. */
  readonly attachments: ChatAttachments;
  /** Reads messages. */
  readonly history: ChatHistory;
  /** Finds messages. */
  readonly search: ChatSearch;
  /** Moves read pointers. */
  readonly pointers: ReadPointers;
  /** Takes the names of guests. */
  readonly guests: ChatGuests;
  /** Blocks, reports, exports, erases and expires. */
  readonly privacy: ChatPrivacy;
  private readonly growths: MessageGrowths;
  private readonly relay: OutboxRelay;

  constructor(
    private readonly database: ChatDatabase,
    profiles: ChatProfiles,
    policy: ChatPolicy,
    hooks: ChatHooks,
    messages: MessagesService,
    files: ChatFiles,
    @Inject(CHAT_OPTIONS) options: ChatOptions,
  ) {
    const limits = chatLimits(options.limits);
    const types = new ChannelTypes(options.types);
    const gate = new ChannelGate(database, policy, types);
    const reader = new MessageReader(profiles, files.urls);
    const work = new ChatWork(database);
    const rate = new ChangeRate(options.rateLimiter ?? limiterOf(limits), limits.rateWindowMs);
    this.channels = new ChatChannels(work, gate, types, limits);
    this.lists = new ChatLists(work, gate, { types, profiles, limits });
    this.attachments = new ChatAttachments({ database, work, gate, rate, files });
    const { maxPerMessage: maxAttachments } = files.settings;
    const publisher = new ChangePublisher(work, messages, { reader, profiles });
    const rooms = new EphemeralRooms(messages, publisher);
    const context = { work, gate, reader, hooks, rate, rooms, limits, maxAttachments };
    const growth = growthSettings(options.growth);
    this.growths = new MessageGrowths({ ...context, database, send: sendTo(messages) }, growth);
    this.messages = new ChatMessages(context, this.growths);
    this.history = new ChatHistory(work, gate, { reader, limits, rooms });
    this.search = new ChatSearch(database, work, { gate, reader, limits });
    this.pointers = new ReadPointers(work, gate);
    this.privacy = new ChatPrivacy(work, gate, types, rate);
    this.guests = new ChatGuests(work, profiles, rate);
    const expire = async () =>
      (await this.privacy.expire()) +
      (await this.attachments.removeOrphans()) +
      (await this.guests.removeUnused());
    this.relay = new OutboxRelay(
      { database, work, messages, publisher, expire, order: new ListOrder(database) },
      relaySettings(options.relay),
    );
  }

  /** Starts the relay and the look for messages of dead servers; Nest calls it. */
  async onApplicationBootstrap(): Promise<void> {
    await this.relay.start();
    this.growths.start();
  }

  /** Stops growing messages and the relay, before the channels close; Nest calls it. */
  async onModuleDestroy(): Promise<void> {
    await this.growths.close();
    await this.relay.stop();
  }

  /** Closes the database; Nest calls it. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}

/** Readers that miss a piece load the message, so nobody waits for the broker. */
function sendTo(messages: MessagesService): GrowthParts['send'] {
  return ({ tenant, channel_id: channelId, seq }, piece) => {
    const growth = create(ChatGrowth, { channelId, seq, ...piece });
    messages.postMessage(chatLive(tenant, channelId), growth).catch(() => undefined);
  };
}

function limiterOf({ changesPerWindow, rateWindowMs }: Required<ChatLimits>): RateLimiterMemory {
  return new RateLimiterMemory({ points: changesPerWindow, duration: rateWindowMs / 1_000 });
}
