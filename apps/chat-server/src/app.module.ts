import { Module, type DynamicModule } from '@nestjs/common';
import { ChatModule } from '@nestwire/chat';
import { StreamsModule } from '@nestwire/streams';
import { Assistant } from './assistant/assistant.js';
import { AuthModule } from './auth/auth.module.js';
import { DemoAuthenticator } from './auth/demo-authenticator.js';
import { SessionController } from './auth/session.controller.js';
import { BlocksController } from './people/blocks.controller.js';
import { DemoUsers } from './people/demo-users.js';
import { Reception } from './people/reception.js';
import { Seed } from './seed/seed.js';
import { databaseFile, filesFolder, type Settings } from './settings.js';

/** The chat; with Redis and one database, all its servers form one chat. */
@Module({})
export class AppModule {
  static forSettings(settings: Settings): DynamicModule {
    const { folder, redis, postgres } = settings;
    const auth = AuthModule.forFolder(folder);
    return {
      module: AppModule,
      imports: [
        auth,
        StreamsModule.forRoot({ authenticator: DemoAuthenticator, imports: [auth], redis, trustProxy: 0 }),
        ChatModule.forRoot({
          users: DemoUsers,
          attachments: { folder: filesFolder(settings) },
          database: postgres ? { postgres } : { file: databaseFile(settings) },
        }),
      ],
      controllers: [BlocksController, SessionController],
      providers: [Assistant, Reception, Seed],
    };
  }
}
