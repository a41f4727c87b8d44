import { ChatModule } from '@nestwire/chat';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { AppHooks, AppPolicy, AppUsers } from './server.js';

export interface Config {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

// #region async
export const chat = ChatModule.forRootAsync({
  users: AppUsers,
  policy: AppPolicy,
  hooks: AppHooks,
  inject: ['Config'],
  useFactory: ({ databaseUrl, redisUrl }: Config) => ({
    database: { postgres: databaseUrl },
    types: { public: { maxMembers: 50_000, keepMs: 30 * 86_400_000 } },
    rateLimiter: new RateLimiterRedis({
      storeClient: new Redis(redisUrl, { maxRetriesPerRequest: 1 }),
      keyPrefix: 'chat',
      points: 60,
      duration: 60,
    }),
  }),
});
// #endregion async
