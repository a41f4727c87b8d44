import { StreamAuthenticator, StreamsModule, type StreamsModuleOptions } from '@nestwire/streams';
import { TestServer, type Connect } from '@nestwire/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChatModule } from '../../libs/chat/src/chat.module.js';
import type { ChatModuleOptions } from '../../libs/chat/src/chat.options.js';
import { ChatService } from '../../libs/chat/src/chat.service.js';
import { CHAT_MESSAGES, type ChatStreams } from '../../libs/chat/src/client.js';
import { TestUsers } from './chat-app.js';

/** The test clients bring their users with them. */
class Nobody extends StreamAuthenticator {
  authenticate(): null {
    return null;
  }
}

/** Servers with the chat, on one database file and one Redis. */
export interface ChatServers {
  readonly servers: readonly TestServer[];
  /** Connects a client to the server with this place. */
  readonly connect: readonly Connect<ChatStreams>[];
  /** The service of the first server. */
  readonly chat: ChatService;
  readonly close: () => Promise<void>;
}

/** Starts two servers with the chat. */
export async function startChatServers(
  redisUrl: string,
  options: Partial<ChatModuleOptions> = {},
  streams: StreamsModuleOptions = {},
): Promise<ChatServers> {
  const folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-'));
  const servers = await Promise.all(
    [1, 2].map(() =>
      TestServer.start({
        imports: [
          StreamsModule.forRoot({ redis: redisUrl, authenticator: Nobody, ...streams }),
          ChatModule.forRoot({
            users: TestUsers,
            database: { file: join(folder, 'chat.sqlite') },
            attachments: { folder: join(folder, 'files') },
            limits: { changesPerWindow: 1_000 },
            ...options,
          }),
        ],
      }),
    ),
  );
  return {
    servers,
    connect: servers.map((server) => server.clientsOf<ChatStreams>()({ messages: CHAT_MESSAGES })),
    chat: servers[0]!.app.get(ChatService),
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
