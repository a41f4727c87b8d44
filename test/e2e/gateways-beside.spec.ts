import { once } from 'node:events';
import type { Server } from 'node:http';
import { jest } from '@jest/globals';
import { Controller, Get, Injectable, type INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebSocket } from 'ws';
import { createStreamClient } from '@nestwire/client';
import {
  OnStreamMessage,
  StreamEndpoint,
  StreamsAdapter,
  StreamSession,
  StreamsModule,
  type StreamsOf,
} from '@nestwire/streams';
import { jsonFrame, RawSocket } from '../rig/raw-socket.js';
import { MESSAGES, Note, note } from './messages.js';
import {
  connected,
  listen,
  startApp,
  stopAll,
  towards,
  type AppParts,
  type RunningApp,
} from './start-app.js';

@StreamEndpoint('desk')
export class DeskEndpoint {
  @OnStreamMessage(Note)
  handle(_session: StreamSession<Note>, message: Note): Note {
    return message;
  }
}

@WebSocketGateway({ path: '/gateway' })
class FirstGateway {
  @SubscribeMessage('shout')
  shout(@MessageBody() text: string) {
    return { event: 'shouted', data: text.toUpperCase() };
  }
}

@WebSocketGateway({ path: '/other' })
class OtherGateway {
  @SubscribeMessage('whisper')
  whisper(@MessageBody() text: string) {
    return { event: 'whispered', data: text.toLowerCase() };
  }
}

@Controller()
class HelloController {
  @Get('hello')
  hello(): string {
    return 'over HTTP';
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint }>;

const parts: AppParts = {
  providers: [DeskEndpoint, FirstGateway, OtherGateway],
  controllers: [HelloController],
};

const clientOf = (target: RunningApp) =>
  connected(createStreamClient<Streams>()({ ...towards(target), messages: MESSAGES }));

/** Asks a gateway of Nest's own something, as its clients do. */
async function askGateway({ port }: RunningApp, path: string, event: string): Promise<unknown> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  await once(socket, 'open');
  socket.send(JSON.stringify({ event, data: 'Hi' }));
  const [data] = (await once(socket, 'message')) as [Buffer];
  socket.terminate();
  return JSON.parse(data.toString());
}

async function statusOf({ port }: RunningApp, path: string): Promise<number | undefined> {
  const raw = await RawSocket.upgrade(port, path);
  return raw.status;
}

const adapters: ReadonlyArray<readonly [how: string, prepare: (app: INestApplication) => void]> = [
  ['without a word', () => undefined],
  ['through StreamsAdapter', (app) => app.useWebSocketAdapter(new StreamsAdapter(app))],
  ['through WsAdapter', (app) => app.useWebSocketAdapter(new WsAdapter(app))],
];

afterEach(stopAll);

describe.each(['express', 'fastify'] as const)('On %s', (platform) => {
  it.each(adapters)('streams, gateways and HTTP share one port, %s', async (_, prepare) => {
    const target = await startApp({ ...parts, platform, prepare });
    const client = await clientOf(target);
    const reader = client.desk.stream[Symbol.asyncIterator]();

    await client.desk.sendStreamMessage(note('over a stream'));
    const [shouted, whispered, hello] = await Promise.all([
      askGateway(target, '/gateway', 'shout'),
      askGateway(target, '/other', 'whisper'),
      fetch(`http://127.0.0.1:${target.port}/hello`).then((response) => response.text()),
    ]);

    expect((await reader.next()).value).toMatchObject({ text: 'over a stream' });
    expect([shouted, whispered, hello]).toEqual([
      { event: 'shouted', data: 'HI' },
      { event: 'whispered', data: 'hi' },
      'over HTTP',
    ]);
  });

  it('an unknown path is answered 404', async () => {
    const target = await startApp({ ...parts, platform });

    expect(await statusOf(target, '/nowhere')).toBe(404);
    expect(await statusOf(target, '/streams/x')).toBe(404);
    expect(await statusOf(target, '/streams')).toBe(101);
  });

  it('an application of streams alone needs no word', async () => {
    const target = await startApp({ platform, providers: [DeskEndpoint] });
    const client = await clientOf(target);

    await client.desk.sendStreamMessage(note('x'));

    expect(await statusOf(target, '/nowhere')).toBe(404);
  });

  it('the path is the one that is configured', async () => {
    const target = await startApp({ ...parts, platform, options: { path: '/live/v1' } });

    expect(await statusOf(target, '/streams')).toBe(404);
    const client = await connected(
      createStreamClient<Streams>()({ ...towards(target, '/live/v1'), messages: MESSAGES }),
    );
    await client.desk.sendStreamMessage(note('x'));
  });

  it('options may come from a factory that injects', async () => {
    @Injectable()
    class Config {
      readonly path = '/configured';
    }
    const target = await listen({
      platform,
      providers: [DeskEndpoint],
      imports: [
        StreamsModule.forRootAsync({
          imports: [{ module: class ConfigModule {}, providers: [Config], exports: [Config] }],
          inject: [Config],
          useFactory: ({ path }: Config) => Promise.resolve({ path, trustProxy: false }),
        }),
      ],
    });

    expect(await statusOf(target, '/configured')).toBe(101);
    expect(await statusOf(target, '/streams')).toBe(404);
  });

  it('9: one listener routes upgrades, and a frame is parsed once beside two gateways', async () => {
    const target = await startApp({ ...parts, platform });
    const server = target.app.getHttpServer() as Server;
    expect(server.listenerCount('upgrade')).toBe(1);
    const raw = await RawSocket.hello(target.port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await raw.frame('opened');
    const parse = jest.spyOn(JSON, 'parse');
    const text = '{"t":"message","id":2,"stream":"desk","type":"e2e.note","data":{"text":"once"}}';

    raw.send(jsonFrame(text));
    await raw.frame('ack', 2);

    // The frame, or only the properties in it.
    const parses = parse.mock.calls.filter(([parsed]) => text.includes(String(parsed)));
    parse.mockRestore();
    expect(parses).toHaveLength(1);
  });

  it('the application closes with clients of all kinds connected', async () => {
    const target = await startApp({ ...parts, platform });
    const gateway = new WebSocket(`ws://127.0.0.1:${target.port}/gateway`);
    await once(gateway, 'open');
    const raw = await RawSocket.hello(target.port);
    const ended = once(gateway, 'close');

    const closing = target.app.close();
    expect(await raw.closing()).toBe(4006);

    await Promise.all([ended, closing, raw.ended()]);
  });
});
