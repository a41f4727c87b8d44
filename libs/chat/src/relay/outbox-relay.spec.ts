import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { MessagesService } from '@nestwire/messages';
import { StreamGap, type Message } from '@nestwire/protocol';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { closeChats, startChat, TestUsers, type ChatApp } from '../../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../../test/rig/chat-databases.js';
import { describeWithRedis } from '../../../../test/rig/redis.js';
import { until } from '../../../../test/rig/until.js';
import { ChatFiles } from '../attachments/chat-files.js';
import { ChatDatabase } from '../database/chat-database.js';
import type { ChatDatabaseOptions } from '../database/database.options.js';
import { Lease } from '../database/lease.js';
import { MessageReader } from '../messages/message-reader.js';
import { chatUser } from '../policy/chat-actor.js';
import { ChatProfiles } from '../users/chat-profiles.js';
import { ChatChange } from '../wire/change-events.js';
import {
  ChatChannelEvent,
  ChatMemberEvent,
  ChatMembershipEvent,
  ChatMessageEvent,
} from '../wire/chat-events.js';
import { chatChanges, chatInbox, chatRoom } from '../wire/chat-topics.js';
import { ChangePublisher } from './change-publisher.js';
import { ChatWork } from '../outbox/chat-work.js';

const PROGRAM = 'test/rig/chat-dying-server.mjs';
const BUILT = existsSync(join(process.cwd(), 'libs/chat/dist/index.js'));
const HOUR_MS = 3_600_000;
const [ann, bob] = ['ann', 'bob'].map((id) => chatUser(id));
const room = chatRoom('default', 'room');

/** Listens from before the relay starts. */
@Injectable()
class Listener implements OnModuleInit {
  readonly events: Message[] = [];

  constructor(@Inject(MessagesService) private readonly messages: MessagesService) {}

  async onModuleInit(): Promise<void> {
    const keep = (message: Message) => void this.events.push(message);
    await this.messages.addListener(room, keep);
    await this.messages.addListener(chatInbox('default', 'bob'), keep);
    await this.messages.addListener(chatChanges('default'), keep);
  }

  texts(): (string | null)[] {
    return this.events.flatMap((event) => (event instanceof ChatMessageEvent ? [event.message.text] : []));
  }
}

const start = (
  options: { readonly database: ChatDatabaseOptions; readonly pollMs?: number },
  redis?: string,
) =>
  startChat(
    {
      database: options.database,
      relay: { pollMs: options.pollMs ?? 50, takeoverMs: 500 },
      providers: [Listener],
    },
    redis === undefined ? {} : { redis },
  );

const stored = (app: ChatApp) =>
  app
    .get(ChatDatabase)
    .read((queries) => queries.selectFrom('outbox').selectAll().orderBy('outbox_seq').execute());

afterEach(closeChats);

describeOnEachDatabase('The relay', (fresh, kind) => {
  it('publishes each change with the present state, and forgets it', async () => {
    const app = await start({ database: fresh() });
    const { events } = app.get(Listener);
    await app.chat.channels.create(ann!, { id: 'room', type: 'private', members: ['bob'] });
    await app.chat.messages.post(ann!, { channelId: 'room', text: 'one' });
    await app.chat.messages.edit(ann!, { channelId: 'room', seq: 1 }, { text: 'two' });
    await app.chat.pointers.mark(bob!, 'room', 1);
    await app.chat.channels.remove(ann!, 'room', 'bob');
    await until(() => events.some((event) => event instanceof ChatChange && event.kind === 'member.removed'));
    await until(async () => (await stored(app)).length === 0);

    const newest = events.findLast((event) => event instanceof ChatMessageEvent);
    expect(newest).toMatchObject({
      message: { text: 'two', version: 2, author: { id: 'ann', name: 'The ann' } },
    });
    expect(JSON.stringify(events)).not.toContain('secret.example');
    expect(events.some((event) => event instanceof ChatChannelEvent)).toBe(true);
    expect(events.findLast((event) => event instanceof ChatMemberEvent)).toMatchObject({
      userId: 'bob',
      member: null,
    });
    expect(events.findLast((event) => event instanceof ChatMembershipEvent)).toMatchObject({
      membership: null,
    });
    expect(events.flatMap((event) => (event instanceof ChatChange ? [event.kind] : []))).toEqual([
      'channel.created',
      'member.changed',
      'member.changed',
      'message.posted',
      'message.edited',
      'read.moved',
      'member.removed',
    ]);
    expect(events.some((event) => event instanceof StreamGap)).toBe(false);
  });

  it.each([
    [20, 1],
    [21, 0],
  ])('tells %i members of the read pointer of one in %i events', async (memberCount, eventCount) => {
    const app = await start({ database: fresh() });
    const { events } = app.get(Listener);
    const others = Array.from({ length: memberCount - 2 }, (_, at) => `user-${at}`);
    await app.chat.channels.create(ann!, { id: 'room', type: 'private', members: ['bob', ...others] });
    await app.chat.messages.post(ann!, { channelId: 'room', text: 'one' });
    // An event has the present state, so those before the pointer must be out.
    await until(async () => (await stored(app)).length === 0);
    await app.chat.pointers.mark(bob!, 'room', 1);
    await until(() => events.some((event) => event instanceof ChatChange && event.kind === 'read.moved'));
    await until(async () => (await stored(app)).length === 0);

    const isTold = (event: unknown) => event instanceof ChatMemberEvent && event.member?.readSeq === 1;
    expect(events.filter(isTold)).toHaveLength(eventCount);
    const { entries } = await app.chat.lists.members(ann!, 'room', { limit: 2 });
    expect(entries[1]).toMatchObject({ user: { id: 'bob' }, readSeq: eventCount ? 1 : null });
  });

  it('delivers a change once when it is published twice', async () => {
    const app = await start({ database: fresh(), pollMs: HOUR_MS });
    const database = app.get(ChatDatabase);
    const listener = app.get(Listener);
    // Another server has the right to publish and does nothing.
    const other = new Lease(database, { name: 'relay', durationMs: HOUR_MS });
    await until(() => other.acquire());
    await app.chat.channels.create(ann!, { id: 'room', type: 'private' });
    await app.chat.messages.post(ann!, { channelId: 'room', text: 'once' });
    const work = new ChatWork(database);
    const profiles = new ChatProfiles(new TestUsers(), database);
    const publisher = new ChangePublisher(work, app.messages, {
      reader: new MessageReader(profiles, app.get(ChatFiles).urls),
      profiles,
    });
    const rows = await stored(app);
    expect(rows).toHaveLength(3);

    expect(await publisher.publish(rows)).toHaveLength(3);
    expect(await publisher.publish(rows)).toHaveLength(3);

    await until(() => listener.texts().length > 0);
    expect(listener.texts()).toEqual(['once']);
    expect(listener.events.filter((event) => event instanceof ChatChange)).toHaveLength(3);
  });

  (BUILT ? describe : describe.skip)('after the death of the server between commit and publication', () => {
    /** Lets a server die after its commit, starts another one, and returns the texts that it publishes. */
    async function textsAfterDeath(withOutbox: 'with' | 'without'): Promise<(string | null)[]> {
      const database = fresh();
      const before = await start({ database });
      await before.chat.channels.create(ann!, { id: 'room', type: 'private' });
      await until(async () => (await stored(before)).length === 0);
      if (withOutbox === 'without') await sabotage(before.get(ChatDatabase));
      await before.close();

      const argument = JSON.stringify({ database, channelId: 'room' });
      const server = spawn(process.execPath, [PROGRAM, argument], { stdio: ['ignore', 'ignore', 'inherit'] });
      expect(await once(server, 'exit')).toEqual([null, 'SIGKILL']);

      const after = await start({ database });
      const { messages } = await after.chat.history.page(ann!, { channelId: 'room' });
      expect(messages).toMatchObject([{ text: 'last words' }]);
      if (withOutbox === 'without') await repair(after.get(ChatDatabase));
      await after.chat.messages.post(ann!, { channelId: 'room', text: 'later' });
      await until(() => after.get(Listener).texts().includes('later'));
      return after.get(Listener).texts();
    }

    it('publishes what that server has stored', async () => {
      expect(await textsAfterDeath('with')).toEqual(['last words', 'later']);
    });

    // One database is enough to show that the test sees a loss.
    if (kind === 'sqlite')
      it('misses it when changes are not stored in an outbox', async () => {
        expect(await textsAfterDeath('without')).toEqual(['later']);
      });
  });
});

describeWithRedis('Two servers', (redis) => {
  describeOnEachDatabase('that share a database', (fresh) => {
    it('publish what either of them stores, without waiting for the next look', async () => {
      const database = fresh();
      const first = await start({ database, pollMs: HOUR_MS }, redis().url);
      const second = await start({ database, pollMs: HOUR_MS }, redis().url);
      await first.chat.channels.create(ann!, { id: 'room', type: 'private', members: ['bob'] });
      await second.chat.messages.post(bob!, { channelId: 'room', text: 'from the second' });
      await first.chat.messages.post(ann!, { channelId: 'room', text: 'from the first' });

      for (const app of [first, second]) {
        await until(() => app.get(Listener).texts().length === 2);
        expect(app.get(Listener).texts()).toEqual(['from the second', 'from the first']);
      }
    });
  });
});

/** Makes the outbox forget, as if changes were only published after the commit. */
async function sabotage(database: ChatDatabase): Promise<void> {
  const { kind, schema } = database;
  const table = kind === 'postgres' ? `"${schema}"."outbox"` : '"nestwire_chat_outbox"';
  const statement =
    kind === 'postgres'
      ? `CREATE RULE forget AS ON INSERT TO ${table} DO INSTEAD NOTHING`
      : `CREATE TRIGGER forget AFTER INSERT ON ${table} BEGIN DELETE FROM ${table}; END`;
  await database.transaction((queries) => sql.raw(statement).execute(queries));
}

async function repair(database: ChatDatabase): Promise<void> {
  const { kind, schema } = database;
  const statement = kind === 'postgres' ? `DROP RULE forget ON "${schema}"."outbox"` : 'DROP TRIGGER forget';
  await database.transaction((queries) => sql.raw(statement).execute(queries));
}
