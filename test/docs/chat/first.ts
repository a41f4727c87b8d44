// #region accounts
import { Injectable, Module } from '@nestjs/common';

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly picture?: string;
}

@Injectable()
export class AccountsService {
  private readonly accounts: readonly Account[] = [
    { id: 'ann', name: 'Ann' },
    { id: 'bob', name: 'Bob' },
  ];

  async findByIds(ids: readonly string[]): Promise<Account[]> {
    return this.accounts.filter(({ id }) => ids.includes(id));
  }

  async findByToken(token: string): Promise<Account | null> {
    return this.accounts.find(({ id }) => token === `token-of-${id}`) ?? null;
  }
}

@Module({ providers: [AccountsService], exports: [AccountsService] })
export class AccountsModule {}
// #endregion accounts

// #region users
import { ChatUsers, type ChatProfile } from '@nestwire/chat';
import { StreamAuthenticator, type StreamHandshake } from '@nestwire/streams';

@Injectable()
export class AppAuthenticator extends StreamAuthenticator {
  constructor(private readonly accounts: AccountsService) {
    super();
  }

  async authenticate({ token }: StreamHandshake): Promise<Account | null> {
    return token === null ? null : this.accounts.findByToken(token);
  }
}

@Injectable()
export class AppUsers extends ChatUsers {
  constructor(private readonly accounts: AccountsService) {
    super();
  }

  async findMany(ids: readonly string[]): Promise<ChatProfile[]> {
    const accounts = await this.accounts.findByIds(ids);
    return accounts.map(({ id, name, picture }) => ({ id, name, ...(picture && { avatarUrl: picture }) }));
  }
}
// #endregion users

// #region module
import type { OnApplicationBootstrap } from '@nestjs/common';
import { ChatModule, chatServer, ChatService } from '@nestwire/chat';
import { StreamsModule } from '@nestwire/streams';

@Injectable()
export class Lobby implements OnApplicationBootstrap {
  constructor(private readonly chat: ChatService) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.chat.channels.create(chatServer(), { id: 'lobby', type: 'public', name: 'Lobby' });
  }
}

@Module({
  imports: [
    AccountsModule,
    StreamsModule.forRoot({ authenticator: AppAuthenticator, imports: [AccountsModule] }),
    ChatModule.forRoot({ users: AppUsers, imports: [AccountsModule] }),
  ],
  providers: [Lobby],
})
export class AppModule {}
// #endregion module
