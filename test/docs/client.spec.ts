import { jest } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { StreamAuthenticator, StreamHandshake, StreamsModule, type StreamUser } from '@nestwire/streams';
import { TestServer, testClient } from '@nestwire/testing';
import {
  ChatEndpoint,
  type ChatMessage,
  createChatClient,
  createDurableClient,
  createKeptClient,
  createPackedClient,
  follow,
  joinAgain,
  PackedModule,
  read,
  readUntilStopped,
  send,
  sendDurable,
  sendWith,
  signIn,
  signOut,
  type AppStreams,
  type ChatClient,
} from './client.js';

@Injectable()
class AnyToken extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token ? { id: 'ann' } : null;
  }
}

@Module({ imports: [StreamsModule.forRoot({ authenticator: AnyToken })], providers: [ChatEndpoint] })
class ChatModule {}

describe('docs/client.md', () => {
  let server: TestServer;
  let client: ChatClient;

  beforeEach(async () => {
    server = await TestServer.start(ChatModule);
    client = createChatClient(server.url);
  });
  afterEach(async () => {
    await client.close();
    await server.close();
  });

  it('shows a client that connects, reads, sends and signs in', async () => {
    const printed: string[] = [];
    follow(client, (text) => printed.push(text));
    await client.connectWebSocket();
    const shown: ChatMessage[] = [];
    const reading = read(client, (message) => shown.push(message));
    const stop = readUntilStopped(client, (message) => shown.push(message));
    await send(client, (text) => printed.push(text));
    await sendWith(client, AbortSignal.timeout(1_000));
    await signIn(client, 'other');
    stop();
    await client.close();
    await reading;

    expect(printed).toEqual([
      'Connecting …',
      'Connected as ann',
      'The server has handled it.',
      'Connected as ann',
      'Closed: 1000 closed by the client',
    ]);
    expect(shown.filter(({ text }) => text === 'Hello')).toHaveLength(2);
  });

  it('speaks MessagePack where the server has it, and JSON where it has not', async () => {
    for (const module of [PackedModule, ChatModule]) {
      const other = await TestServer.start(module);
      const packed = createPackedClient(other.url);
      await packed.connectWebSocket();
      await send(packed, () => undefined);
      await packed.close();

      expect(other.get(ChatEndpoint).received).toEqual(['client-docs.message']);
      await other.close();
    }
  });

  it('keeps places where a page has a storage, and works where it has none', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const kept = createKeptClient(server.url);
    await kept.connectWebSocket();
    await send(kept, () => undefined);
    await kept.close();
    warn.mockRestore();

    expect(server.get(ChatEndpoint).received).toEqual(['client-docs.message']);
  });

  it('sends durable messages, also where nothing survives the page, and forgets them at the sign-out', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { client: durable, outbox } = await createDurableClient(server.url, () => undefined);
    await durable.connectWebSocket();
    await sendDurable(durable);
    await signOut(durable, outbox);
    await signIn(durable, 'secret');
    await durable.close();
    warn.mockRestore();

    expect([server.get(ChatEndpoint).received, outbox.size]).toEqual([['client-docs.message'], 0]);
  });

  it('joins again whenever the stream opens', async () => {
    const stop = joinAgain(client, 'lobby');
    await client.connectWebSocket();
    await testClient<AppStreams>(client).chat.open();
    await send(client, () => undefined);
    stop();

    expect(server.get(ChatEndpoint).received[0]).toBe('client-docs.join');
  });
});
