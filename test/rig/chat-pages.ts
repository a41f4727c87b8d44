import type { Type } from '@nestjs/common';
import { createStreamClient, type ClientClock, type StreamClient } from '@nestwire/client';
import { StreamsModule, type StreamAuthenticator } from '@nestwire/streams';
import { TestServer } from '@nestwire/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChatModuleOptions } from '../../libs/chat/src/chat.options.js';
import { ChatModule } from '../../libs/chat/src/chat.module.js';
import { ChatService } from '../../libs/chat/src/chat.service.js';
import {
  CHAT_MESSAGES,
  createChat,
  type Chat,
  type ChatOptions,
  type ChatStreams,
} from '../../libs/chat/src/client.js';
import { TestUsers } from './chat-app.js';
import { Link } from './link.js';
import { TokenUsers } from './users.js';

/** The time after which a client closes an unused stream; pages of this rig wait less. */
const UNUSED_MS = 5_000;
const SHORT_MS = 40;

/** The clock of the machine, with which unused streams close soon. */
const clock: ClientClock = {
  now: () => performance.now(),
  random: () => Math.random(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs === UNUSED_MS ? SHORT_MS : delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/** Changes the client of a page, to show that a test notices what is missing. */
export type Sabotage = (client: StreamClient<ChatStreams>) => StreamClient<ChatStreams>;

/** The stream and the calls of a channel. */
type ChannelCalls = ReturnType<StreamClient<ChatStreams>['chatChannel']>;

/** Replaces calls of all channels by others, which may use the true ones. */
export function replaceCalls(replace: (calls: ChannelCalls) => object): Sabotage {
  return (client) =>
    new Proxy(client, {
      get: (target, name) => {
        if (name !== 'chatChannel') return target[name as keyof typeof target];
        return (params: { channelId: string }) => {
          const calls = target.chatChannel(params);
          const others = replace(calls);
          return new Proxy(calls, { get: (...at) => Reflect.get(at[1] in others ? others : at[0], at[1]) });
        };
      },
    });
}

/** A page of a user: its client, its chat, and the link that a test can cut. */
export interface ChatPage {
  readonly client: StreamClient<ChatStreams>;
  readonly chat: Chat;
  readonly link: Link;
  close(): Promise<void>;
}

/** Servers with one chat database, and pages of users. */
export class ChatPages {
  private readonly pages = new Set<ChatPage>();

  private constructor(
    private readonly folder: string,
    readonly servers: readonly TestServer[],
  ) {}

  /** Starts as many servers as there are options of brokers. */
  static async start(
    brokers: readonly { redis?: string }[],
    options: Partial<ChatModuleOptions> = {},
    authenticator: Type<StreamAuthenticator> = TokenUsers,
  ): Promise<ChatPages> {
    const folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-pages-'));
    const database = { file: join(folder, 'chat.sqlite') };
    const attachments = { folder: join(folder, 'files') };
    const limits = { changesPerWindow: 10_000 };
    const servers = await Promise.all(
      brokers.map((broker) =>
        TestServer.start({
          imports: [
            StreamsModule.forRoot({ ...broker, authenticator }),
            ChatModule.forRoot({ users: TestUsers, database, attachments, limits, ...options }),
          ],
        }),
      ),
    );
    return new ChatPages(folder, servers);
  }

  get service(): ChatService {
    return this.servers[0]!.app.get(ChatService);
  }

  /** Opens a page of a user on a server. */
  async open(
    userId: string,
    options: Partial<ChatOptions> & {
      readonly server?: number;
      readonly sabotage?: Sabotage;
      /** The credential; null for none. */
      readonly token?: () => string | null;
    } = {},
  ): Promise<ChatPage> {
    const { server = 0, sabotage = (client) => client, token = () => userId, ...chatOptions } = options;
    const link = await Link.to(Number(new URL(this.servers[server]!.url).port));
    const client = createStreamClient<ChatStreams>()({
      url: `ws://127.0.0.1:${link.port}/streams`,
      messages: CHAT_MESSAGES,
      auth: token,
      minRetryMs: 20,
      maxRetryMs: 100,
      clock,
    });
    const chat = createChat(sabotage(client), {
      user: () => ({ id: userId, name: `The ${userId}` }),
      ...chatOptions,
    });
    const page: ChatPage = {
      client,
      chat,
      link,
      close: async () => {
        this.pages.delete(page);
        chat.close();
        await client.close();
        link.close();
      },
    };
    this.pages.add(page);
    await client.connectWebSocket();
    return page;
  }

  /** Closes all pages. */
  async closePages(): Promise<void> {
    await Promise.all([...this.pages].map((page) => page.close()));
  }

  /** Closes everything. */
  async stop(): Promise<void> {
    await this.closePages();
    await Promise.all(this.servers.map((server) => server.close()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
