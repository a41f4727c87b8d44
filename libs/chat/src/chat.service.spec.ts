import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagesModule } from '@nestwire/messages';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeChats, startChat, TestUsers } from '../../../test/rig/chat-app.js';
import { server } from '../../../test/rig/chat-databases.js';
import { describeIfPostgres } from '../../../test/rig/postgres-server.js';
import { until } from '../../../test/rig/until.js';
import { ChatModule } from './chat.module.js';
import { ChatService } from './chat.service.js';
import { kyselyTransaction, pgTransaction } from './database/caller-transaction.js';
import { ChatHooks } from './messages/chat-hooks.js';
import type { ChatMessage } from './messages/chat-message.js';
import { chatServer, chatUser } from './policy/chat-actor.js';
import type { ChatAction, ChatResource, ChatSubject } from './policy/chat-policy.js';
import { DefaultChatPolicy } from './policy/default-chat-policy.js';
import { ChatMessageEvent } from './wire/chat-events.js';
import { chatRoom } from './wire/chat-topics.js';

const [ann, bob] = ['ann', 'bob'].map((id) => chatUser(id));

@Injectable()
class Recorder extends ChatHooks {
  readonly sent: (string | null)[] = [];

  override didSend({ text }: ChatMessage): void {
    this.sent.push(text);
    throw new Error('an error of the hook reaches nobody');
  }
}

class Strict extends DefaultChatPolicy {
  override allows(subject: ChatSubject, action: ChatAction, resource: ChatResource): boolean {
    return action !== 'message.react' && super.allows(subject, action, resource);
  }
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-'));
});
afterEach(closeChats);
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = (name: string) => ({ file: join(folder, `${name}.sqlite`) });

describe('The module of the chat', () => {
  it('takes its options from a factory', async () => {
    const SETTINGS = Symbol('SETTINGS');
    @Module({ providers: [{ provide: SETTINGS, useValue: file('factory') }], exports: [SETTINGS] })
    class SettingsModule {}
    @Module({
      imports: [
        MessagesModule.forRoot({}),
        ChatModule.forRootAsync({
          users: TestUsers,
          imports: [SettingsModule],
          inject: [SETTINGS],
          useFactory: (database: { file: string }) => ({ database, limits: { maxTextLength: 3 } }),
        }),
      ],
    })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const chat = app.get(ChatService);
    const { id } = await chat.channels.create(ann!, { type: 'private' });

    await expect(chat.messages.post(ann!, { channelId: id, text: 'four' })).rejects.toMatchObject({
      code: 'CHAT_LIMIT_EXCEEDED',
    });
    await app.close();
  });

  it.each([
    [{ limits: { maxTextLenght: 3 } as object }, /no option limits.maxTextLenght/],
    [{ database: { fiel: 'a' } as object }, /no option database.fiel. Did you mean database.file\?/],
    [{ database: { migrations: 'chek' as never } }, /database.migrations is run or check/],
    [{ gests: true } as object, /no option gests. Did you mean guests\?/],
    [{ limits: { maxPins: 0 } }, /limits.maxPins/],
    [{ growth: { storeMs: 0 } }, /growth.storeMs/],
    [{ growth: { leaseMs: 1_500 } }, /growth.leaseMs is at least twice/],
    [{ attachments: { maxBytes: 1.5 } }, /attachments.maxBytes/],
    [{ attachments: { maxByte: 1 } as object }, /no option attachments.maxByte/],
    [{ relay: { pollMs: 0 } }, /relay.pollMs/],
    [{ attachments: { path: 'files' } }, /attachments.path/],
    [{ attachments: { origin: 'https://a.b/c' } }, /attachments.origin/],
    [{ attachments: { secret: 'short' } }, /attachments.secret/],
    [{ types: { 'Bad Name': {} } }, /Bad Name/],
    [{ types: { public: { maxMembers: 0 } } }, /types.public.maxMembers/],
  ])('refuses %j at the start', async (options, text) => {
    const starting = startChat({ database: file('refused'), ...options });

    await expect(starting).rejects.toMatchObject({
      code: 'CHAT_CONFIGURATION',
      message: expect.stringMatching(text) as string,
    });
  });

  it('asks the policy of the application, and tells its hook about each stored message once', async () => {
    const { chat, get } = await startChat({ database: file('hooks'), hooks: Recorder, policy: Strict });
    const recorder = get(ChatHooks as never) as unknown as Recorder;
    const { id: channelId } = await chat.channels.create(ann!, { type: 'private' });
    for (let times = 0; times < 2; times++)
      await chat.messages.post(ann!, { channelId, text: 'hello', clientId: 'c' });

    await expect(chat.messages.react(ann!, { channelId, seq: 1 }, '👍')).rejects.toMatchObject({
      code: 'CHAT_FORBIDDEN',
    });
    await until(() => recorder.sent.length > 0);
    expect(recorder.sent).toEqual(['hello']);
  });
});

describeIfPostgres('The chat in a transaction of the application', () => {
  let pool: Pool;
  beforeAll(async () => {
    pool = new Pool({ connectionString: server().url });
    await pool.query('CREATE TABLE orders (id text PRIMARY KEY)');
  });
  afterAll(() => pool?.end());

  it('stores and publishes a message with the order, or neither', async () => {
    const { chat, messages } = await startChat({
      database: { postgres: pool, schema: 'shop' },
      relay: { pollMs: 20 },
    });
    const channelId = 'orders';
    const published: (string | null)[] = [];
    await messages.addListener(chatRoom('default', channelId), (event) => {
      if (event instanceof ChatMessageEvent) published.push(event.message.text);
    });
    await chat.channels.create(ann!, { id: channelId, type: 'private', members: ['bob'] });
    const client = await pool.connect();
    for (const [order, end] of [
      ['1', 'ROLLBACK'],
      ['2', 'COMMIT'],
    ] as const) {
      await client.query('BEGIN');
      await client.query('INSERT INTO orders VALUES ($1)', [order]);
      await chat.messages.post(
        chatServer(),
        { channelId, text: `order ${order}` },
        { tx: pgTransaction(client) },
      );
      await client.query(end);
    }
    client.release();
    const application = new Kysely<{ orders: { id: string } }>({ dialect: new PostgresDialect({ pool }) });
    await application.transaction().execute(async (trx) => {
      await trx.insertInto('orders').values({ id: '3' }).execute();
      const tx = kyselyTransaction(trx);
      const { id } = await chat.channels.create(bob!, { type: 'private' }, { tx });
      await chat.messages.post(bob!, { channelId: id, text: 'in a new channel' }, { tx });
      await chat.messages.post(bob!, { channelId, text: 'order 3' }, { tx });
    });

    await until(() => published.length === 2);
    expect(published).toEqual(['order 2', 'order 3']);
    const { messages: stored } = await chat.history.page(ann!, { channelId });
    expect(stored.map(({ seq, text }) => [seq, text])).toEqual([
      [1, 'order 2'],
      [2, 'order 3'],
    ]);
    expect((await pool.query('SELECT id FROM orders ORDER BY id')).rows).toEqual([{ id: '2' }, { id: '3' }]);
  });
});
