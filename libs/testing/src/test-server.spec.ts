import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { WebSocketClass } from '@nestwire/client';
import { create, StreamMessage } from '@nestwire/protocol';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  StreamsModule,
  type StreamsOf,
  type StreamUser,
} from '@nestwire/streams';
import { IsString, MinLength } from 'class-validator';
import { WebSocket } from 'ws';
import { FakeClock } from './fake-clock.js';
import { reached } from './test-client.js';
import { TestServer, type Connect } from './test-server.js';

@StreamMessage('testing.say')
class Say {
  declare readonly $type: 'testing.say';
  @IsString() @MinLength(1) text!: string;
}

@StreamMessage('testing.said')
class Said {
  declare readonly $type: 'testing.said';
  @IsString() text!: string;
  @IsString() by!: string;
}

@StreamMessage('testing.welcome')
class Welcome {
  declare readonly $type: 'testing.welcome';
}

@Injectable()
class Letters extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token?.length === 1 ? { id: token } : null;
  }
}

@StreamEndpoint('room', { requireLogin: true })
class RoomEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Said | Welcome, StreamUser>) {
    await session.messages.addListener('room', (said: Said) => session.sendStreamMessage(said));
    await session.sendStreamMessage(new Welcome());
  }

  @OnStreamMessage(Say)
  async say(session: StreamSession<Said, StreamUser>, { text }: Say) {
    await session.messages.postMessage('room', create(Said, { text, by: session.user.id }));
  }
}

@Module({
  imports: [
    StreamsModule.forRoot({
      authenticator: Letters,
      codecs: [messagePack],
      // A client with a fake clock does not leave by itself.
      shutdown: { spreadMs: 0, deadlineMs: 100 },
    }),
  ],
  providers: [RoomEndpoint],
})
class RoomModule {}

type RoomStreams = StreamsOf<{ room: RoomEndpoint }>;

describe('TestServer', () => {
  let server: TestServer;
  let connect: Connect<RoomStreams>;

  beforeAll(async () => {
    server = await TestServer.start(RoomModule);
    connect = server.clientsOf<RoomStreams>()({ messages: [Say, Said, Welcome] });
  });
  afterAll(() => server.close());

  it('connects clients as the users that the application knows', async () => {
    const client = await connect({ auth: () => 'a' });

    expect(client.connectionStatus).toMatchObject({ kind: 'connected', user: 'a' });
  });

  it('connects clients as any user', async () => {
    const client = await connect({ as: { id: 'someone else' } });

    expect(client.connectionStatus).toMatchObject({ kind: 'connected', user: 'someone else' });
  });

  it('still refuses what the application does not accept', async () => {
    await expect(connect({ auth: () => 'unknown' })).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });

  it('gives each message to who waits for its class, however late', async () => {
    const [ann, bob] = await Promise.all([connect({ as: { id: 'ann' } }), connect({ as: { id: 'bob' } })]);
    await bob.room.open();
    await ann.room.sendStreamMessage(create(Say, { text: 'one' }));
    await ann.room.sendStreamMessage(create(Say, { text: 'two' }));

    expect(await bob.room.next(Said, { where: ({ text }) => text === 'two' })).toMatchObject({ by: 'ann' });
    expect(await bob.room.next(Welcome)).toBeInstanceOf(Welcome);
    expect(await bob.room.next()).toEqual(create(Said, { text: 'one', by: 'ann' }));
    expect(bob.room.unread).toEqual([]);
  });

  it('says what came instead of what a test waited for', async () => {
    const client = await connect({ as: { id: 'ann' } });
    await client.room.open();

    await expect(client.room.next(Said, { withinMs: 20 })).rejects.toThrow(/No Said came from "room"/);
  });

  it("passes on the server's refusal", async () => {
    const client = await connect();

    await expect(client.room.open()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(client.room.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('starts from a compiled testing module, and from metadata', async () => {
    const module = await Test.createTestingModule({ imports: [RoomModule] }).compile();
    await using compiled = await TestServer.start(module);
    await using described = await TestServer.start({ imports: [RoomModule] });

    expect(new Set([server.url, compiled.url, described.url]).size).toBe(3);
    expect(compiled.get(StreamAuthenticator)).toBeInstanceOf(Letters);
  });

  it('lets a client speak the codec that it is given', async () => {
    const spoken: string[] = [];
    class Noted extends WebSocket {
      constructor(url: string, subprotocols: string | string[]) {
        super(url, subprotocols);
        this.on('open', () => spoken.push(this.protocol));
      }
    }
    const webSocket = Noted as unknown as WebSocketClass;
    const client = await connect({ as: { id: 'ann' }, codec: messagePack, webSocket });
    await client.room.sendStreamMessage(create(Say, { text: 'packed' }));

    expect(await client.room.next(Said)).toEqual(create(Said, { text: 'packed', by: 'ann' }));
    expect(spoken).toEqual(['nestwire.v1.msgpack']);
  });

  it('lets a test move the time of a client', async () => {
    const other = await TestServer.start(RoomModule);
    const clock = new FakeClock();
    const client = await other.clientsOf<RoomStreams>()({ messages: [Say, Said, Welcome] })({ clock });
    await other.app.close();
    const { retryInMs } = await reached(client, 'waiting');
    expect(clock.pending).toBe(1);
    clock.advance(retryInMs);

    expect(client.connectionStatus.kind).toBe('connecting');
    await other.close();
    expect(clock.pending).toBe(0);
  });
});
