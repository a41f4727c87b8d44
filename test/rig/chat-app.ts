import type { INestApplicationContext, Provider, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagesModule, MessagesService, type MessagesModuleOptions } from '@nestwire/messages';
import { ChatModule } from '../../libs/chat/src/chat.module.js';
import type { ChatOptions, ChatProviders } from '../../libs/chat/src/chat.options.js';
import { ChatService } from '../../libs/chat/src/chat.service.js';
import { ChatUsers, type ChatProfile } from '../../libs/chat/src/users/chat-users.js';

/** Users with a field that must never leave the server. */
export class TestUsers extends ChatUsers {
  findMany(ids: readonly string[]): readonly ChatProfile[] | Promise<readonly ChatProfile[]> {
    return ids
      .filter((id) => !id.startsWith('unknown'))
      .map((id) => ({ id, name: `The ${id}`, email: `${id}@secret.example` }));
  }

  override search(text: string): readonly ChatProfile[] | Promise<readonly ChatProfile[]> {
    return this.findMany(['ann', 'bob'].filter((id) => id.includes(text)));
  }
}

/** Users without profiles of guests, as most applications have them. */
export class TestAccounts extends TestUsers {
  override findMany(ids: readonly string[]): readonly ChatProfile[] | Promise<readonly ChatProfile[]> {
    return super.findMany(ids.filter((id) => !id.startsWith('guest:')));
  }
}

/** A running application with the chat. */
export interface ChatApp {
  readonly chat: ChatService;
  readonly messages: MessagesService;
  readonly get: <T>(token: Type<T>) => T;
  readonly close: () => Promise<void>;
}

const running = new Set<INestApplicationContext>();

/** Starts an application with the chat, without a network port. */
export async function startChat(
  { providers = [], ...options }: ChatOptions & Partial<ChatProviders> & { readonly providers?: Provider[] },
  broker: MessagesModuleOptions = {},
): Promise<ChatApp> {
  class AppModule {}
  Module({
    imports: [
      MessagesModule.forRoot(broker),
      ChatModule.forRoot({ users: TestUsers, limits: { changesPerWindow: 10_000 }, ...options }),
    ],
    providers,
  })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  running.add(app);
  return {
    chat: app.get(ChatService),
    messages: app.get(MessagesService),
    get: (token) => app.get(token),
    close: async () => {
      running.delete(app);
      await app.close();
    },
  };
}

/** Closes the applications that still run. */
export async function closeChats(): Promise<void> {
  const apps = [...running];
  running.clear();
  await Promise.all(apps.map((app) => app.close()));
}
