// The code of docs/client.md; compiled with the tests, and run by client.spec.ts.
import { Module } from '@nestjs/common';
import {
  createStreamClient,
  openOutbox,
  sessionPositions,
  type Outbox,
  type ConnectionStatus,
  type StreamClient,
} from '@nestwire/client';
import { CodedError, create, StreamMessage } from '@nestwire/protocol';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  StreamsModule,
  type StreamsOf,
} from '@nestwire/streams';
import { Allow, IsString, MaxLength } from 'class-validator';
import { BoardIs, type BoardsEndpoint } from './delivery.js';

@StreamMessage('client-docs.join')
export class JoinRoom {
  declare readonly $type: 'client-docs.join';
  @IsString() room!: string;
}

@StreamMessage('client-docs.message')
export class ChatMessage {
  declare readonly $type: 'client-docs.message';
  @IsString() @MaxLength(2_000) text!: string;
  @Allow() sentAt: Date = new Date();
}

@StreamMessage('client-docs.cursor')
export class CursorMoved {
  declare readonly $type: 'client-docs.cursor';
  @Allow() x!: number;
}

@StreamEndpoint('chat')
export class ChatEndpoint {
  readonly received: string[] = [];

  @OnStreamOpened()
  async opened(session: StreamSession<ChatMessage>): Promise<void> {
    await session.messages.addListener('lobby', (message: ChatMessage) => session.sendStreamMessage(message));
  }

  @OnStreamMessage(ChatMessage, JoinRoom, CursorMoved)
  async receive(session: StreamSession, message: ChatMessage | JoinRoom | CursorMoved): Promise<void> {
    this.received.push(message.$type);
    if (message instanceof ChatMessage) await session.messages.postMessage('lobby', message);
  }
}

export type AppStreams = StreamsOf<{ chat: ChatEndpoint }>;

const session = { token: 'secret' as string | null, refresh: () => Promise.resolve() };

// #region create
export function createChatClient(url: string) {
  return createStreamClient<AppStreams>()({
    url, // wss://example.org/streams
    messages: [ChatMessage, CursorMoved, JoinRoom], // a missing class is a compile error
    auth: async ({ reason }) => {
      if (reason === 'renew') await session.refresh(); // the last credential was refused, or has expired
      return session.token; // null: anonymous
    },
  });
}
// #endregion create

// #region codec
export function createPackedClient(url: string) {
  return createStreamClient<AppStreams>()({
    url,
    messages: [ChatMessage, CursorMoved, JoinRoom],
    codec: messagePack,
  });
}
// #endregion codec

// #region codecs
@Module({
  imports: [StreamsModule.forRoot({ codecs: [messagePack] })],
  providers: [ChatEndpoint],
})
export class PackedModule {}
// #endregion codecs

export type ChatClient = ReturnType<typeof createChatClient>;

export function follow(client: ChatClient, print: (text: string) => void): () => void {
  // #region status
  const stop = client.addConnectionStatusListener((status: ConnectionStatus) => {
    switch (status.kind) {
      case 'idle':
      case 'connecting':
        return print('Connecting …');
      case 'connected':
        return print(`Connected as ${status.user ?? 'nobody'}`);
      case 'waiting':
        return print(`Line down, next try at ${new Date(status.retryAt).toLocaleTimeString()}`);
      case 'closed':
        return print(`Closed: ${status.code} ${status.reason}`);
    }
  });
  // #endregion status
  return stop;
}

export function createKeptClient(url: string) {
  // #region positions
  return createStreamClient<AppStreams>()({
    url,
    messages: [ChatMessage, CursorMoved, JoinRoom],
    positions: sessionPositions({ only: (endpoint) => endpoint === 'chat' }),
  });
  // #endregion positions
}

export async function createDurableClient(url: string, print: (text: string) => void) {
  // #region outbox
  const outbox = await openOutbox({
    onOutcome: ({ message, error }) => {
      if (message instanceof ChatMessage) print(`${message.text}: ${error ? error.message : 'sent'}`);
    },
  });
  const client = createStreamClient<AppStreams>()({
    url,
    messages: [ChatMessage, CursorMoved, JoinRoom],
    outbox,
  });
  // #endregion outbox
  return { outbox, client };
}

export async function sendDurable({ chat }: ChatClient): Promise<void> {
  // #region durable
  await chat.sendStreamMessage(create(ChatMessage, { text: 'Whatever happens' }), { durable: true });
  // #endregion durable
}

export async function signOut(client: ChatClient, outbox: Outbox): Promise<void> {
  // #region sign-out
  await outbox.clear();
  session.token = null;
  await client.authenticate();
  // #endregion sign-out
}

export async function send(client: ChatClient, print: (text: string) => void): Promise<void> {
  // #region send
  try {
    await client.chat.sendStreamMessage(create(ChatMessage, { text: 'Hello' }));
    print('The server has handled it.');
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    for (const { path, message } of error.details ?? []) print(`${path}: ${message}`);
    if (error.code === 'UNCERTAIN') print('The connection broke: it may have been handled.');
  }
  // #endregion send
}

export async function sendWith(client: ChatClient, signal: AbortSignal): Promise<void> {
  // #region offline
  const { chat } = client;
  await chat.sendStreamMessage(create(ChatMessage, { text: 'Keep this' }), { offline: 'queue' });
  await chat.sendStreamMessage(create(CursorMoved, { x: 7 }), { offline: 'drop' });
  await chat.sendStreamMessage(create(ChatMessage, { text: 'Now or never' }), { timeoutMs: 2_000, signal });
  // #endregion offline
}

export async function read(client: ChatClient, show: (message: ChatMessage) => void): Promise<void> {
  // #region read
  for await (const message of client.chat.stream) show(message);
  // #endregion read
}

/** The client of a page that shows boards. */
export type BoardClient = StreamClient<StreamsOf<{ boards: BoardsEndpoint }>>;

export async function keepCards(client: BoardClient): Promise<void> {
  // #region state
  const cards = new Map<string, string>();
  const changed = new EventTarget();
  for await (const message of client.boards.stream) {
    const isSnapshot = message instanceof BoardIs;
    if (isSnapshot) cards.clear();
    for (const { id, column } of isSnapshot ? message.cards : [message]) cards.set(id, column);
    changed.dispatchEvent(new Event('change'));
  }
  // #endregion state
}

export function readUntilStopped(client: ChatClient, show: (message: ChatMessage) => void): () => void {
  // #region stop
  const reader = client.chat.stream[Symbol.asyncIterator]();
  const read = async () => {
    for await (const message of reader) show(message);
  };
  read().catch((error: unknown) => console.error(error));
  return () => void reader.return?.();
  // #endregion stop
}

export function joinAgain(client: ChatClient, room: string): () => void {
  // #region opened
  const stop = client.chat.addStreamOpenedListener(() => {
    client.chat.sendStreamMessage(create(JoinRoom, { room })).catch((error: unknown) => console.error(error));
  });
  // #endregion opened
  return stop;
}

export async function signIn(client: ChatClient, token: string): Promise<void> {
  // #region sign-in
  session.token = token;
  await client.authenticate();
  // #endregion sign-in
}
