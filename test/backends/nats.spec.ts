import { readFileSync } from 'node:fs';
import { connect } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MessagesModule, MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { StreamsModule } from '@nestwire/streams';
import { describeBroker, TestServer, type TestClient } from '@nestwire/testing';
import { regionOf } from '../docs/page.mjs';
import { describeIfNats, NatsServer } from '../rig/nats-server.js';
import { until } from '../rig/until.js';
import { AnyName, room, RoomEndpoint, RoomMessage, type RoomStreams } from './room-endpoint.js';
import { NatsBroker } from './nats-broker.js';

beforeAll(() => Logger.overrideLogger(false));

it('The broker of the page has at most 200 lines', () => {
  const source = readFileSync(new URL('nats-broker.ts', import.meta.url), 'utf8');

  expect(regionOf(source, 'broker').trimEnd().split('\n').length).toBeLessThanOrEqual(200);
});

describeIfNats('A NATS server', () => {
  let nats: NatsServer;
  const closers: Array<() => Promise<unknown>> = [];

  beforeAll(async () => {
    nats = await NatsServer.start();
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  afterAll(() => nats?.stop());

  // #region contract
  const open = () => new NatsBroker({ servers: nats.address });

  describeBroker('NatsBroker', open, { cluster: true, withoutSecret: true });
  // #endregion contract

  /** A server with one endpoint, with the NATS broker instead of Redis. */
  const serve = async (): Promise<TestServer> => {
    const authenticator = AnyName;
    const servers = nats.address;
    // #region module
    const broker = new NatsBroker({ servers });
    const streams = StreamsModule.forRoot({ authenticator, messages: { broker } });
    // #endregion module
    const server = await TestServer.start({ imports: [streams], providers: [RoomEndpoint] });
    closers.unshift(() => server.close());
    return server;
  };
  const enter = async (server: TestServer, name: string) => {
    const connect = server.clientsOf<RoomStreams>()({ messages: [RoomMessage] });
    const client: TestClient<RoomStreams> = await connect({ as: { id: name } });
    await client.room.open();
    return client.room;
  };
  const messagesOn = async (broker = open()): Promise<MessagesService> => {
    const app = await Test.createTestingModule({ imports: [MessagesModule.forRoot({ broker })] }).compile();
    closers.unshift(() => app.close());
    await app.init();
    return app.get(MessagesService);
  };

  it('carries the channels of an endpoint between two servers', async () => {
    const [one, two] = [await serve(), await serve()];
    const [ada, grace] = [await enter(one, 'Ada'), await enter(two, 'Grace')];

    await ada.sendStreamMessage(create(RoomMessage, { room: 'r', author: '?', text: 'Hi' }));
    const posted = await one.app
      .get(MessagesService)
      .postMessage(room('r'), create(RoomMessage, { room: 'r', author: 'one', text: 'Tea at five.' }), {
        scope: 'global',
      });

    for (const person of [ada, grace]) {
      expect(await person.next(RoomMessage)).toMatchObject({ author: 'Ada', text: 'Hi' });
      expect(await person.next(RoomMessage)).toMatchObject({ author: 'one', text: 'Tea at five.' });
    }
    expect(posted).toEqual({ delivered: 'global' });
  });

  it('degrades while the server is away, and carries channels again afterwards', async () => {
    const own = await NatsServer.start();
    closers.push(() => own.stop());
    const openOwn = () => new NatsBroker({ servers: own.address, reconnectTimeWait: 50 });
    const [one, two] = [await messagesOn(openOwn()), await messagesOn(openOwn())];
    const heard: string[] = [];
    const message = (text: string) => create(RoomMessage, { room: 'r', author: 'Ada', text });
    await two.addListener(room('r'), ({ text }) => heard.push(text));

    await own.kill();
    await until(() => one.status === 'degraded' && two.status === 'degraded');
    expect(await one.postMessage(room('r'), message('lost'))).toEqual({ delivered: 'degraded' });
    await expect(one.postMessage(room('r'), message('lost'), { scope: 'global' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await own.restart();
    await until(() => one.status === 'connected' && two.status === 'connected');

    await one.postMessage(room('r'), message('back'), { scope: 'global' });
    await until(() => heard.includes('back'));
    expect(heard).toEqual(['back']);
    expect(one.counters().reconnects).toBe(1);
  });

  it('lets the application start without its server, and connects later', async () => {
    const own = await NatsServer.start();
    closers.push(() => own.stop());
    await own.kill();
    const [one, two] = [
      await messagesOn(new NatsBroker({ servers: own.address })),
      await messagesOn(new NatsBroker({ servers: own.address })),
    ];
    const heard: string[] = [];
    await two.addListener(room('r'), ({ text }) => heard.push(text));
    expect(one.status).toBe('degraded');

    await own.restart();
    await until(() => one.status === 'connected' && two.status === 'connected');

    const message = create(RoomMessage, { room: 'r', author: 'Ada', text: 'first' });
    await one.postMessage(room('r'), message, { scope: 'global' });
    await until(() => heard.includes('first'));
  });

  it('counts what is not a publication, and delivers the next one', async () => {
    const [one, two] = [await messagesOn(), await messagesOn()];
    const heard: string[] = [];
    await two.addListener(room('r'), ({ text }) => heard.push(text));
    const stranger = await connect({ servers: nats.address });
    closers.push(() => stranger.close());

    const subject = `nestwire.${Buffer.from(room('r').name).toString('base64url')}`;
    for (const junk of ['', 'no line', '5\n{}', '"room.message"\n[]']) stranger.publish(subject, junk);
    await stranger.flush();
    await one.postMessage(room('r'), create(RoomMessage, { room: 'r', author: 'Ada', text: 'fine' }), {
      scope: 'global',
    });

    await until(() => heard.length > 0);
    expect(heard).toEqual(['fine']);
    expect(two.counters().undecodable).toBe(4);
  });
});
