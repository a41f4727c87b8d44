import { Inject, Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  ChatFileStorage,
  ChatHooks,
  ChatModule,
  ChatService,
  ChatUsers,
  DefaultChatPolicy,
  chatServer,
  chatUser,
  parseText,
  type ByteRange,
  type ChatAction,
  type ChatDraft,
  type ChatMessage,
  type ChatProfile,
  type ChatResource,
  type ChatSubject,
  type ChatVerdict,
} from '@nestwire/chat';
import { StreamsModule } from '@nestwire/streams';

// #region users
@Injectable()
export class AppUsers extends ChatUsers {
  private readonly names: Readonly<Record<string, string>> = { ann: 'Ann', bob: 'Bob' };

  findMany(ids: readonly string[]): ChatProfile[] {
    return ids.flatMap((id) => (id in this.names ? [{ id, name: this.names[id]! }] : []));
  }
}

@Module({
  imports: [StreamsModule.forRoot(), ChatModule.forRoot({ users: AppUsers })],
})
export class AppModule {}
// #endregion users

// #region bot
@Injectable()
export class Welcome implements OnApplicationBootstrap {
  constructor(private readonly chat: ChatService) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.chat.channels.create(chatServer(), { id: 'lobby', type: 'public', name: 'Lobby' });
  }

  async greet(userId: string): Promise<void> {
    const bot = chatServer({ userId: 'bot' });
    const { id } = await this.chat.channels.create(bot, { type: 'direct', members: [userId] });
    await this.chat.messages.post(bot, { channelId: id, clientId: `welcome-${userId}`, text: 'Welcome!' });
  }
}
// #endregion bot

// #region read
export async function readOn(chat: ChatService, channelId: string) {
  const ann = chatUser('ann');
  const newest = await chat.history.page(ann, { channelId, limit: 25 });
  const older = await chat.history.page(ann, { channelId, before: newest.messages[0]!.seq });
  await chat.pointers.mark(ann, channelId, newest.channel.lastSeq);
  const channels = await chat.lists.mine(ann, { limit: 30 });
  return { newest, older, channels };
}
// #endregion read

// #region policy
@Injectable()
export class AppPolicy extends DefaultChatPolicy {
  override allows(subject: ChatSubject, action: ChatAction, resource: ChatResource): boolean {
    if (action === 'channel.create' && resource.channelType === 'public') return subject.kind === 'server';
    return super.allows(subject, action, resource);
  }
}
// #endregion policy

// #region hooks
@Injectable()
export class AppHooks extends ChatHooks {
  override willSend({ text, channel }: ChatDraft): ChatVerdict {
    if (channel.type === 'public' && text.includes('http://')) return { refuse: 'Links need https.' };
    return { text: text.trim() };
  }
}
// #endregion hooks

interface Model {
  answer(question: string, signal: AbortSignal): AsyncIterable<string>;
}

// #region grow
@Injectable()
export class Assistant extends ChatHooks {
  constructor(
    private readonly moduleRef: ModuleRef,
    @Inject('Model') private readonly model: Model,
  ) {
    super();
  }

  override didSend({ channelId, seq, text, author }: ChatMessage): void {
    if (!text?.startsWith('@bot') || author?.id === 'bot') return;
    const chat = this.moduleRef.get(ChatService, { strict: false });
    chat.messages
      .grow(
        chatServer({ userId: 'bot' }),
        { channelId, replyTo: seq, clientId: `answer-${seq}` },
        (signal) => this.model.answer(text, signal),
        { finish: parseText },
      )
      .catch((error: unknown) => console.error(error));
  }
}
// #endregion grow

// #region attach
export async function report(chat: ChatService, channelId: string, pdf: Uint8Array): Promise<void> {
  const bot = chatServer({ userId: 'bot' });
  const { id } = await chat.attachments.upload(bot, { channelId, name: 'report.pdf', bytes: pdf });
  await chat.messages.post(bot, { channelId, text: 'The report of today', attachmentIds: [id] });
}
// #endregion attach

interface Bucket {
  putPart(key: string, offset: number, part: Uint8Array): Promise<void>;
  joinParts(key: string, size: number): Promise<void>;
  get(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  remove(key: string): Promise<void>;
}

// #region storage
@Injectable()
export class BucketStorage extends ChatFileStorage {
  constructor(@Inject('Bucket') private readonly bucket: Bucket) {
    super();
  }

  override write(key: string, offset: number, slice: Uint8Array): Promise<void> {
    return this.bucket.putPart(key, offset, slice);
  }

  override complete(key: string, size: number): Promise<void> {
    return this.bucket.joinParts(key, size);
  }

  override read(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    return this.bucket.get(key, range);
  }

  override delete(key: string): Promise<void> {
    return this.bucket.remove(key);
  }
}
// #endregion storage
