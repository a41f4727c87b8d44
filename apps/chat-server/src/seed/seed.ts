import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { chatServer, ChatService, parseText, type ChatActor, type ChatMessage } from '@nestwire/chat';
import { ASSISTANT_ID, FIRST_NAMES, TEAM_IDS } from '../people/team.js';
import { PICTURES, type PictureName } from './pictures.js';
import { ROOMS } from './rooms.js';
import { timeOf, type SeedMessage, type SeedRoom } from './seed-room.js';

/** The team by first names, as its members mention each other. */
const BY_FIRST_NAME = TEAM_IDS.map((id) => ({ id, name: FIRST_NAMES[id] }));

/**
 * Fills the rooms at the first start with a week of history.
 *
 * Each step is stored once, so that two servers may seed at the same time, and a start after a crash continues.
 */
@Injectable()
export class Seed implements OnApplicationBootstrap {
  constructor(private readonly chat: ChatService) {}

  async onApplicationBootstrap(): Promise<void> {
    for (const room of ROOMS) await this.fill(room);
  }

  private async fill({ id, type, topic, messages }: SeedRoom): Promise<void> {
    const server = chatServer();
    const members = [...TEAM_IDS, ASSISTANT_ID];
    const channel = await this.chat.channels.create(server, { id, type, name: id, data: { topic }, members });
    if (channel.lastSeq >= messages.length) return;
    const seqs = new Map<string, number>();
    for (const [at, message] of messages.entries()) {
      const post = () =>
        this.post(id, message, { clientId: `seed-${at}`, startedAt: channel.createdAt, seqs });
      const { seq } = await post();
      if (message.key) seqs.set(message.key, seq);
      await this.decorate({ channelId: id, seq }, message);
    }
  }

  private async post(
    channelId: string,
    { author, text, at, replyTo, thread, picture }: SeedMessage,
    context: {
      readonly clientId: string;
      readonly startedAt: number;
      readonly seqs: ReadonlyMap<string, number>;
    },
  ): Promise<ChatMessage> {
    const { clientId, startedAt, seqs } = context;
    const actor = chatServer({ userId: author });
    const files = picture ? [await this.upload(actor, { channelId, clientId, name: picture })] : [];
    return this.chat.messages.post(actor, {
      channelId,
      clientId,
      ...parseText(text, { mentions: BY_FIRST_NAME }),
      createdAt: timeOf(at, startedAt),
      attachmentIds: files,
      ...(replyTo !== undefined && { replyTo: seqs.get(replyTo)! }),
      ...(thread !== undefined && { threadSeq: seqs.get(thread)! }),
    });
  }

  /** Uploads a picture; returns the id of the attachment. */
  private async upload(
    actor: ChatActor,
    { name, ...place }: { readonly channelId: string; readonly clientId: string; readonly name: PictureName },
  ): Promise<string> {
    const { id } = await this.chat.attachments.upload(actor, { ...place, name, bytes: PICTURES[name]() });
    return id;
  }

  private async decorate(
    place: { readonly channelId: string; readonly seq: number },
    { reactions = {}, isPinned, author }: SeedMessage,
  ): Promise<void> {
    const { messages } = this.chat;
    for (const [emoji, userIds] of Object.entries(reactions))
      for (const userId of userIds) await messages.react(chatServer({ userId }), place, emoji);
    if (isPinned) await messages.pin(chatServer({ userId: author }), place);
  }
}
