import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { Provider, Type } from '@nestjs/common';
import { createStreamClient, type WebSocketClass } from '@nestwire/client';
import { MessagesService } from '@nestwire/messages';
import {
  create,
  PresenceJoined,
  PresenceLeft,
  PresenceMembers,
  PresenceUpdated,
  StreamGap,
} from '@nestwire/protocol';
import { StreamsModule } from '@nestwire/streams';
import { TestServer } from '@nestwire/testing';
import { WebSocket } from 'ws';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { AppAuthenticator, TokensModule } from './authentication.js';
import * as announce from './recipes/announce.js';
import * as auction from './recipes/auction.js';
import * as dashboard from './recipes/dashboard.js';
import * as expel from './recipes/expel.js';
import * as game from './recipes/game.js';
import * as jobs from './recipes/jobs.js';
import * as notify from './recipes/notify.js';
import * as board from './recipes/others.js';
import * as todos from './recipes/todos.js';
import * as typing from './recipes/typing.js';
import * as upload from './recipes/upload.js';

const ADA = { id: 'ada', name: 'Ada' };
const BOB = { id: 'bob', name: 'Bob' };

let server: TestServer;
const others: TestServer[] = [];
const closing: Array<() => Promise<void>> = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await Promise.all([server, ...others.splice(0)].map((each) => each.close()));
});

function start(providers: Provider[], controllers: Type[] = [], redis?: string): Promise<TestServer> {
  const options = { authenticator: AppAuthenticator, imports: [TokensModule], redis };
  return TestServer.start({ imports: [StreamsModule.forRoot(options)], providers, controllers });
}

async function serve(providers: Provider[], controllers: Type[] = []): Promise<void> {
  server = await start(providers, controllers);
}

const httpUrl = (path: string) => `${server.url.replace('ws', 'http').replace('/streams', '')}/${path}`;
const webSocket = WebSocket as unknown as WebSocketClass;

describe('docs/recipes.md', () => {
  it('notifies a user on all devices, and nobody else', async () => {
    await serve([notify.InboxEndpoint, notify.Notifier]);
    const connect = server.clientsOf<notify.InboxStreams>()({ messages: [notify.Notice, StreamGap] });
    const [phone, laptop, other] = [
      await connect({ as: ADA }),
      await connect({ as: ADA }),
      await connect({ as: BOB }),
    ];
    const shown: string[] = [];
    void notify.showNotices(laptop as never, (text) => shown.push(text));
    await Promise.all([phone.inbox.open(), laptop.inbox.open(), other.inbox.open()]);
    await server.get(notify.Notifier).notify('ada', 'Your order has been sent.');
    await server.get(notify.Notifier).notify('bob', 'Hello, Bob.');

    expect(await phone.inbox.next()).toMatchObject({ text: 'Your order has been sent.' });
    expect(await other.inbox.next()).toMatchObject({ text: 'Hello, Bob.' });
    await until(() => shown.length === 1);
    expect(shown).toEqual(['Your order has been sent.']);
  });

  it('sends to all devices of a user what matters only now', async () => {
    await serve([notify.InboxEndpoint, notify.Ringer]);
    const connect = server.clientsOf<notify.InboxStreams>()({ messages: [notify.Notice, StreamGap] });
    const devices = [await connect({ as: ADA }), await connect({ as: ADA }), await connect({ as: BOB })];
    await Promise.all(devices.map(({ inbox }) => inbox.open()));
    for (const userId of ['ada', 'bob']) await server.get(notify.Ringer).ring(userId);

    for (const { inbox } of devices) {
      expect(await inbox.next()).toMatchObject({ text: 'Somebody rings.' });
      expect(inbox.unread).toEqual([]);
    }
  });

  it('sends to everyone except the sender, whose page shows its own message once', async () => {
    await serve([board.BoardEndpoint]);
    const connect = server.clientsOf<board.BoardStreams>()({ messages: [board.Stroke, StreamGap] });
    const [ada, tablet, bob] = [
      await connect({ as: ADA }),
      await connect({ as: ADA }),
      await connect({ as: BOB }),
    ];
    const painted: string[] = [];
    await Promise.all([ada, tablet, bob].map((each) => each.board.open()));
    const stroke = (color: string) => create(board.Stroke, { color, x: 1, y: 2 });

    await board.draw(ada as never, stroke('red'), ({ color }) => painted.push(color));
    await bob.board.sendStreamMessage(stroke('blue'));

    expect(await ada.board.next()).toMatchObject({ color: 'blue' });
    expect(await tablet.board.next()).toMatchObject({ color: 'red' });
    expect(await tablet.board.next()).toMatchObject({ color: 'blue' });
    expect(await bob.board.next()).toMatchObject({ color: 'red' });
    expect([painted, ada.board.unread, bob.board.unread]).toEqual([['red'], [], []]);
  });

  it('expels a user from a room, who receives nothing more and cannot join again', async () => {
    await serve([expel.ClubsEndpoint, expel.Members, expel.Moderation]);
    const messages = [expel.JoinClub, expel.ClubSaid, expel.Expelled, StreamGap] as const;
    const connect = server.clientsOf<expel.ClubStreams>()({ messages });
    const [ada, bob] = [await connect({ as: ADA }), await connect({ as: BOB })];
    const join = create(expel.JoinClub, { clubId: 'chess' });
    for (const { id } of [ADA, BOB]) server.get(expel.Members).add('chess', id);
    await ada.clubs.sendStreamMessage(join);
    await bob.clubs.sendStreamMessage(join);
    const say = (text: string) =>
      server.get(MessagesService).postMessage(expel.club('chess'), create(expel.ClubSaid, { text }));

    await say('before');
    expect(await bob.clubs.next(expel.ClubSaid)).toMatchObject({ text: 'before' });
    await server.get(expel.Moderation).expel('chess', 'bob');
    expect(await bob.clubs.next(expel.Expelled)).toMatchObject({ clubId: 'chess', userId: 'bob' });
    await say('after');
    expect(await ada.clubs.next(expel.ClubSaid, { where: ({ text }) => text === 'after' })).toBeDefined();
    await expect(bob.clubs.sendStreamMessage(join)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(bob.clubs.unread).toEqual([]);
  });

  it('shows the newest figures to a page that comes later', async () => {
    await serve([dashboard.DashboardEndpoint, dashboard.SalesService]);
    await server.get(dashboard.SalesService).publish(1, 500);
    await server.get(dashboard.SalesService).publish(2, 900);
    const connect = server.clientsOf<dashboard.DashboardStreams>()({ messages: [dashboard.Sales] });
    const page = await connect();
    await page.dashboard.open();

    expect(await page.dashboard.next()).toMatchObject({ orders: 2, cents: 900 });
    await server.get(dashboard.SalesService).publish(3, 1_500);
    expect(await page.dashboard.next()).toMatchObject({ orders: 3 });
  });

  it('moves players in each tick of the game', async () => {
    await serve([game.GameEndpoint, game.Arena]);
    const connect = server.clientsOf<game.GameStreams>()({ messages: [game.Steer, game.World] });
    const [one, two] = [await connect(), await connect()];
    await two.game.open();
    await one.game.sendStreamMessage(create(game.Steer, { dx: 1, dy: 0 }));
    const seen = await two.game.next(game.World, {
      where: ({ players }) => players.some(([, x, y]) => x >= 3 && y === 0),
      withinMs: 10_000,
    });

    expect(seen.players).toHaveLength(2);
    await expect(one.game.sendStreamMessage(create(game.Steer, { dx: 9, dy: 0 }))).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
    });
    await one.close();
    await two.game.next(game.World, { where: ({ players }) => players.length === 1, withinMs: 10_000 });
  });

  it('shows the progress of a job, also to a page that was reloaded', async () => {
    await serve([jobs.JobsEndpoint, jobs.JobRunner]);
    const messages = [jobs.StartJob, jobs.WatchJob, jobs.Progress] as const;
    const connect = server.clientsOf<jobs.JobStreams>()({ messages });
    const watch = create(jobs.WatchJob, { jobId: 'import-1' });
    const page = await connect({ as: ADA });
    await page.jobs.sendStreamMessage(watch);
    await page.jobs.sendStreamMessage(create(jobs.StartJob, { jobId: 'import-1', rows: 20 }));
    const isDone = { where: ({ done }: jobs.Progress) => done === 20, withinMs: 10_000 };
    expect(await page.jobs.next(jobs.Progress, isDone)).toMatchObject({ jobId: 'import-1', total: 20 });

    const reloaded = await connect({ as: ADA });
    await reloaded.jobs.sendStreamMessage(watch);
    expect(await reloaded.jobs.next(jobs.Progress)).toMatchObject({ done: 20 });
    const other = await connect({ as: BOB });
    await other.jobs.sendStreamMessage(watch);
    await other.jobs.sendStreamMessage(create(jobs.StartJob, { jobId: 'import-1', rows: 1 }));
    expect(await other.jobs.next(jobs.Progress)).toMatchObject({ done: 1, total: 1 });
  });

  it('tells how much of an upload is stored', async () => {
    await serve([upload.UploadsEndpoint], [upload.UploadsController]);
    const connect = server.clientsOf<upload.UploadStreams>()({
      messages: [upload.WatchUpload, upload.Stored],
    });
    const page = await connect();
    const uploadId = randomUUID();
    await page.uploads.sendStreamMessage(create(upload.WatchUpload, { uploadId }));
    const body = Buffer.alloc(300_000, 1);
    const headers = { 'content-type': 'application/octet-stream' };
    const answer = await fetch(httpUrl(`uploads/${uploadId}`), { method: 'POST', headers, body });

    expect(await answer.json()).toEqual({ bytes: body.length });
    await page.uploads.next(upload.Stored, { where: ({ bytes }) => bytes === body.length });
  });

  it('shows an item at once, and what became of it', async () => {
    await serve([todos.TodosEndpoint]);
    const client = createStreamClient<todos.TodoStreams>()({
      url: server.url,
      messages: [todos.AddTodo, todos.TodoAdded, StreamGap],
      webSocket,
    });
    closing.push(() => client.close());
    await client.connectWebSocket();
    const list = new todos.TodoList(client);
    const states = () => [...list.items.values()].map(({ text, state }) => `${text}: ${state}`);
    void list.read(() => Promise.resolve());

    const adding = list.add('tea');
    expect(states()).toEqual(['tea: sending']);
    await adding;
    expect(states()).toEqual(['tea: saved']);
    await list.add('x'.repeat(201));
    expect([...list.items.values()].map(({ state }) => state)).toEqual(['saved', 'failed']);
  });

  it('holds an auction', async () => {
    await serve([auction.AuctionEndpoint, auction.Lots]);
    const { Bid, Accepted, Outbid, Price, LoadBids, Bids } = auction;
    const presence = [PresenceMembers, PresenceJoined, PresenceUpdated, PresenceLeft] as const;
    const messages = [Bid, Accepted, Outbid, Price, LoadBids, Bids, ...presence] as const;
    const connect = server.clientsOf<auction.AuctionStreams>()({ messages });
    const [ada, bob] = [await connect({ as: ADA }), await connect({ as: BOB })];
    const [vase, vaseOfBob] = [ada.auction({ lotId: 'vase' }), bob.auction({ lotId: 'vase' })];
    const bid = (euros: number) => create(Bid, { cents: euros * 100 });

    expect(await vase.bid(bid(5))).toBeInstanceOf(Accepted);
    expect(await vaseOfBob.bid(bid(5))).toMatchObject({ highestCents: 500 });
    expect(await vaseOfBob.next(Price)).toMatchObject({ cents: 500, bidder: 'Ada' });
    expect(await vaseOfBob.bid(bid(6))).toBeInstanceOf(Accepted);
    await vase.next(Price, { where: ({ bidder }) => bidder === 'Bob' });
    expect((await vase.loadBids(create(LoadBids))).bids.map(({ cents }) => cents)).toEqual([500, 600]);
    expect(await vaseOfBob.next(PresenceMembers)).toMatchObject({ members: [{ id: 'ada' }, { id: 'bob' }] });
    const clock = ada.auction({ lotId: 'clock' });
    await expect(clock.bid(bid(5))).rejects.toMatchObject({ code: 'AUCTION_CLOSED' });
    await expect(clock.bid(bid(0))).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
    await expect(ada.auction({ lotId: 'cup' }).bid(bid(5))).rejects.toMatchObject({ code: 'NO_SUCH_LOT' });
  });

  it('tells who is typing, once in two seconds', async () => {
    await serve([typing.TypingEndpoint]);
    const connect = server.clientsOf<typing.TypingStreams>()({
      messages: [typing.KeyPressed, typing.IsTyping],
    });
    const [ada, bob] = [await connect({ as: ADA }), await connect({ as: BOB })];
    await bob.typing.open();
    for (const now of [0, 500, 1_999, 2_000]) await typing.keyPressed(ada as never, now);

    const heard = [await bob.typing.next(), await bob.typing.next()];
    expect(heard.map(({ userId, name }) => `${userId} ${name}`)).toEqual(['ada Ada', 'ada Ada']);
    expect(bob.typing.unread).toEqual([]);
  });

  it('announces from a controller', async () => {
    await serve([announce.NewsEndpoint], [announce.AnnouncementsController]);
    const page = await server.clientsOf<announce.NewsStreams>()({ messages: [announce.Announcement] })();
    await page.news.open();
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ text: 'We close at six.' });
    const answer = await fetch(httpUrl('announcements'), { method: 'POST', headers, body });

    expect(await answer.json()).toEqual({ delivered: 'local' });
    expect(await page.news.next()).toMatchObject({ text: 'We close at six.' });
  });
});

describeWithRedis('docs/recipes.md, on two servers', (redis) => {
  async function serveTwice(providers: Provider[]): Promise<TestServer> {
    const [one, two] = await Promise.all([1, 2].map(() => start(providers, [], redis().url)));
    server = one!;
    others.push(two!);
    return two!;
  }

  it('notifies a user on the other server, and a device that was away', async () => {
    const two = await serveTwice([notify.InboxEndpoint, notify.Notifier]);
    const messages = [notify.Notice, StreamGap] as const;
    const device = await two.clientsOf<notify.InboxStreams>()({ messages })({ as: ADA, minRetryMs: 10 });
    await device.inbox.open();
    const tell = (text: string) => server.get(notify.Notifier).notify('ada', text);
    await tell('first');
    expect(await device.inbox.next()).toMatchObject({ text: 'first' });

    two.dropConnections();
    await tell('second');
    await tell('third');
    expect([await device.inbox.next(), await device.inbox.next()]).toMatchObject([
      { text: 'second' },
      { text: 'third' },
    ]);
  });

  it('expels a user who is on the other server', async () => {
    const members = new expel.Members();
    const two = await serveTwice([
      expel.ClubsEndpoint,
      expel.Moderation,
      { provide: expel.Members, useValue: members },
    ]);
    members.add('chess', 'bob');
    const messages = [expel.JoinClub, expel.ClubSaid, expel.Expelled, StreamGap] as const;
    const bob = await two.clientsOf<expel.ClubStreams>()({ messages })({ as: BOB });
    const join = create(expel.JoinClub, { clubId: 'chess' });
    await bob.clubs.sendStreamMessage(join);
    await server.get(expel.Moderation).expel('chess', 'bob');

    expect(await bob.clubs.next(expel.Expelled)).toMatchObject({ userId: 'bob' });
    await expect(bob.clubs.sendStreamMessage(join)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
