import { ChatModule, chatMigrations } from '@nestwire/chat';
import type { Pool } from 'pg';
import { AppUsers } from './server.js';

// #region url
export const chat = ChatModule.forRootAsync({
  users: AppUsers,
  useFactory: () => ({ database: { postgres: process.env.DATABASE_URL! } }),
});
// #endregion url

// #region pool
export const chatOfPool = ChatModule.forRootAsync({
  users: AppUsers,
  inject: ['Pool'],
  useFactory: (pool: Pool) => ({ database: { postgres: pool, schema: 'chat', migrations: 'check' } }),
});
// #endregion pool

// #region migrations
export const sql = chatMigrations('postgres', { schema: 'chat', after: 0 });
// #endregion migrations
