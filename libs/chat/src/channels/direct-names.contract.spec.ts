import { AsyncLocalStorage } from 'node:async_hooks';
import { jest } from '@jest/globals';
import { DefaultQueryExecutor } from 'kysely';
import { closeChats, startChat, TestUsers, type ChatApp } from '../../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../../test/rig/chat-databases.js';
import { chatUser } from '../policy/chat-actor.js';

const MANY = 20;

describeOnEachDatabase('The list of direct channels', (fresh) => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChat({ database: fresh(), relay: { pollMs: 60_000 } });
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(closeChats);

  const direct = (userId: string, ...members: string[]) =>
    app.chat.channels.create(chatUser(userId), { type: 'direct', members });

  /** Counts the queries, and the looks for profiles, of the first page of a user: not those of the relay. */
  async function costOf(userId: string): Promise<readonly [queries: number, looks: number]> {
    const list = new AsyncLocalStorage<true>();
    const executor = Object.getPrototypeOf(DefaultQueryExecutor.prototype) as DefaultQueryExecutor;
    const { executeQuery } = executor;
    const { findMany } = TestUsers.prototype;
    const cost = { queries: 0, looks: 0 };
    jest.spyOn(executor, 'executeQuery').mockImplementation(function (this: DefaultQueryExecutor, ...args) {
      if (list.getStore()) cost.queries++;
      return executeQuery.apply(this, args) as Promise<never>;
    });
    jest.spyOn(TestUsers.prototype, 'findMany').mockImplementation(function (this: TestUsers, ids) {
      if (list.getStore()) cost.looks++;
      return findMany.call(this, ids);
    });
    await list.run(true, () => app.chat.lists.mine(chatUser(userId)));
    jest.restoreAllMocks();
    return [cost.queries, cost.looks];
  }

  it('has the other members of each, and of no other channel', async () => {
    const { id } = await direct('ann', 'dan', 'bob');
    const { id: team } = await app.chat.channels.create(chatUser('ann'), {
      type: 'private',
      members: ['bob'],
    });
    const { entries } = await app.chat.lists.mine(chatUser('ann'));
    const othersOf = (channelId: string) => entries.find(({ channel }) => channel.id === channelId)!.others;

    expect(othersOf(id)).toEqual([
      { id: 'bob', name: 'The bob' },
      { id: 'dan', name: 'The dan' },
    ]);
    expect(othersOf(team)).toEqual([]);
    expect((await app.chat.lists.entry(chatUser('bob'), id)).others.map((user) => user.id)).toEqual([
      'ann',
      'dan',
    ]);
  });

  it('costs as many queries for many as for one', async () => {
    await direct('one', 'other');
    for (let at = 0; at < MANY; at++) await direct('many', `u${at}`);
    const { entries } = await app.chat.lists.mine(chatUser('many'));

    expect(entries.flatMap(({ others }) => others)).toHaveLength(MANY);
    expect(await costOf('many')).toEqual(await costOf('one'));
    expect(await costOf('many')).toEqual([2, 1]);
  });
});
