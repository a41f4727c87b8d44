// The code of docs/testing.md: it is compiled and run.
import { Injectable, Module } from '@nestjs/common';
import { create, StreamMessage } from '@nestwire/protocol';
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
import { FakeClock, reached, TestServer, type Connect } from '@nestwire/testing';
import { IsString, MaxLength } from 'class-validator';

@StreamMessage('testing-docs.message')
class ChatMessage {
  declare readonly $type: 'testing-docs.message';
  @IsString() @MaxLength(20) text!: string;
}

@Injectable()
class AppAuthenticator extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token === 'secret' ? { id: 'root' } : null;
  }
}

@StreamEndpoint('chat', { requireLogin: true })
class ChatEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<ChatMessage, StreamUser>): Promise<void> {
    await session.messages.addListener('lobby', (message: ChatMessage) => session.sendStreamMessage(message));
  }

  @OnStreamMessage(ChatMessage)
  async say(session: StreamSession<ChatMessage, StreamUser>, message: ChatMessage): Promise<void> {
    await session.messages.postMessage('lobby', message);
  }
}

@Module({
  imports: [StreamsModule.forRoot({ authenticator: AppAuthenticator })],
  providers: [ChatEndpoint],
})
class AppModule {}

type AppStreams = StreamsOf<{ chat: ChatEndpoint }>;

// #region server
describe('the chat', () => {
  let server: TestServer;
  let connect: Connect<AppStreams>;

  beforeAll(async () => {
    server = await TestServer.start(AppModule);
    connect = server.clientsOf<AppStreams>()({ messages: [ChatMessage] });
  });
  afterAll(() => server.close());

  it('carries messages from one user to the other', async () => {
    const ann = await connect({ as: { id: 'ann' } });
    const bob = await connect({ as: { id: 'bob' } });
    await bob.chat.open();

    await ann.chat.sendStreamMessage(create(ChatMessage, { text: 'Hello' }));

    expect(await bob.chat.next(ChatMessage)).toMatchObject({ text: 'Hello' });
  });
  // #endregion server

  // #region refusals
  it('refuses long messages and anonymous clients', async () => {
    const ann = await connect({ as: { id: 'ann' } });
    const nobody = await connect();

    await expect(
      ann.chat.sendStreamMessage(create(ChatMessage, { text: 'x'.repeat(21) })),
    ).rejects.toMatchObject({ code: 'INVALID_MESSAGE', details: [{ path: 'text' }] });
    await expect(nobody.chat.open()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(connect({ auth: () => 'stale' })).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });
  // #endregion refusals

  // #region silence
  it('does not forward a refused message', async () => {
    const ann = await connect({ as: { id: 'ann' } });
    const bob = await connect({ as: { id: 'bob' } });
    await bob.chat.open();
    await ann.chat.sendStreamMessage(create(ChatMessage, { text: 'x'.repeat(21) })).catch(() => undefined);

    // This message arrives after all earlier ones, so the test need not sleep.
    await ann.chat.sendStreamMessage(create(ChatMessage, { text: 'the end' }));

    expect(await bob.chat.next()).toMatchObject({ text: 'the end' });
    expect(bob.chat.unread).toEqual([]);
  });
  // #endregion silence
});

// #region clock
it('reconnects after the wait', async () => {
  const server = await TestServer.start(AppModule);
  const clock = new FakeClock();
  const connect = server.clientsOf<AppStreams>()({ messages: [ChatMessage] });
  const ann = await connect({ as: { id: 'ann' }, clock, minRetryMs: 600_000, maxRetryMs: 600_000 });
  server.dropConnections();

  const { retryInMs } = await reached(ann, 'waiting');
  expect(retryInMs).toBeGreaterThan(0);
  clock.advance(retryInMs);

  expect(ann.connectionStatus.kind).toBe('connecting');
  await server.close();
});
// #endregion clock
