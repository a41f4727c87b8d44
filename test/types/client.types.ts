// Compiled, not run: what the types of @nestwire/client accept, and what they refuse.
import {
  createStreamClient,
  PositionStore,
  sessionPositions,
  type EndpointHandle,
  type MessageStream,
  type ReplyCall,
  type StreamClient,
  type StreamingCall,
} from '@nestwire/client';
import { create, StreamMessage } from '@nestwire/protocol';
import type { ResumePosition } from '@nestwire/protocol/codec';
import {
  OnStreamMessage,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
  type Asks,
  type CallItems,
  type StreamCall,
} from '@nestwire/streams';

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isTrue<T extends true>(): T | undefined {
  return undefined;
}

@StreamMessage('client.types.chat')
class Chat {
  declare readonly $type: 'client.types.chat';
  text!: string;
  sentAt: Date = new Date();
  preview(): string {
    return this.text;
  }
}

@StreamMessage('client.types.typing')
class Typing {
  declare readonly $type: 'client.types.typing';
  user!: string;
}

@StreamMessage('client.types.joined')
class Joined {
  declare readonly $type: 'client.types.joined';
  user!: string;
}

@StreamEndpoint('chat')
class ChatEndpoint {
  @OnStreamMessage(Chat)
  async chat(session: StreamSession<Chat>, message: Chat): Promise<void> {
    await session.sendStreamMessage(message);
  }

  @OnStreamMessage(Typing)
  typing(_session: StreamSession, { user }: Typing): Joined {
    return create(Joined, { user });
  }
}

@StreamEndpoint('feed')
class FeedEndpoint {
  follow(session: StreamSession<Joined>): Promise<void> {
    return session.sendStreamMessage(new Joined());
  }
}

type AppStreams = StreamsOf<{ chat: ChatEndpoint; feed: FeedEndpoint }>;

const url = 'wss://example.org/streams';
const client = createStreamClient<AppStreams>()({ url, messages: [Chat, Typing, Joined] });

isTrue<Equals<typeof client, StreamClient<AppStreams>>>();
isTrue<Equals<typeof client.chat.stream, MessageStream<Chat | Joined>>>();
isTrue<Equals<typeof client.feed.stream, MessageStream<Joined>>>();

// Every message of the streams is listed, in any order; more than that is allowed.
createStreamClient<AppStreams>()({ url, messages: [Joined, Typing, Chat] as const });
createStreamClient<{ feed: AppStreams['feed'] }>()({ url, messages: [Joined, Typing] });
// @ts-expect-error Joined is missing
createStreamClient<AppStreams>()({ url, messages: [Chat, Typing] });
// @ts-expect-error all are missing
createStreamClient<AppStreams>()({ url, messages: [] });
// @ts-expect-error Date is not a message
createStreamClient<AppStreams>()({ url, messages: [Chat, Typing, Joined, Date] });
// @ts-expect-error the address is missing
createStreamClient<AppStreams>()({ messages: [Chat, Typing, Joined] });
// @ts-expect-error the policy is not known
createStreamClient<AppStreams>()({ url, messages: [Chat, Typing, Joined], offline: 'wait' });

// Places are kept by a store, which a class of one's own can be.
class NoPositions extends PositionStore {
  load(): [] {
    return [];
  }
  clear(): void {}
  protected changed(): void {
    isTrue<Equals<ReturnType<typeof this.taken>, ResumePosition[]>>();
  }
}
createStreamClient<AppStreams>()({ url, messages: [Chat, Typing, Joined], positions: new NoPositions() });
createStreamClient<AppStreams>()({ url, messages: [Chat, Typing, Joined], positions: sessionPositions() });
// @ts-expect-error a store counts what readers have taken
createStreamClient<AppStreams>()({ url, messages: [Chat, Typing, Joined], positions: { load: () => [] } });

// Names that the client has itself are refused.
// @ts-expect-error "close" is a member of the client
createStreamClient<{ close: AppStreams['feed'] }>();
// @ts-expect-error "calls" will be a member of the client
createStreamClient<{ calls: AppStreams['feed'] }>();
// @ts-expect-error "connectionStatus" is a member of the client
createStreamClient<{ connectionStatus: AppStreams['feed'] }>();
// @ts-expect-error a client that has "then" would be taken for a promise
createStreamClient<{ then: AppStreams['feed'] }>();
// @ts-expect-error an endpoint has an in and an out
createStreamClient<{ chat: Chat }>();

export async function use(): Promise<void> {
  await client.connectWebSocket();
  await client.chat.sendStreamMessage(create(Chat, { text: 'hi' }), { timeoutMs: 1_000, offline: 'queue' });
  await client.chat.sendStreamMessage(create(Typing, { user: 'ann' }));
  // @ts-expect-error Joined only comes from the server
  await client.chat.sendStreamMessage(new Joined());
  // @ts-expect-error the feed takes no messages
  await client.feed.sendStreamMessage(new Joined());
  // @ts-expect-error a message is made with its class
  await client.chat.sendStreamMessage({ text: 'hi' });
  // @ts-expect-error there is no such endpoint
  void client.chta;
  // @ts-expect-error the status is the client's to change
  client.connectionStatus = { kind: 'idle' };

  for await (const message of client.chat.stream)
    switch (message.$type) {
      case 'client.types.chat':
        message.preview();
        break;
      case 'client.types.joined':
        isTrue<Equals<typeof message, Joined>>();
        break;
      default:
        message satisfies never;
    }

  client.addConnectionStatusListener((status) => {
    if (status.kind === 'waiting') isTrue<Equals<typeof status.retryAt, number>>();
    // @ts-expect-error only a closed connection has a code for good
    if (status.kind === 'idle') void status.code;
  });
}

@StreamMessage('client.types.load')
class Load {
  declare readonly $type: 'client.types.load';
  before!: number;
}

@StreamMessage('client.types.page')
class Page {
  declare readonly $type: 'client.types.page';
  texts!: string[];
}

@StreamMessage('client.types.chunk')
class Chunk {
  declare readonly $type: 'client.types.chunk';
  bytes!: Uint8Array;
}

@StreamMessage('client.types.confirm')
class Confirm {
  declare readonly $type: 'client.types.confirm';
  question!: string;
}

@StreamMessage('client.types.confirmed')
class Confirmed {
  declare readonly $type: 'client.types.confirmed';
  yes!: boolean;
}

class RoomParams {
  roomId!: string;
  page?: number;
}

class RoomEndpoint {
  opened(_session: StreamSession<Joined | Asks<Confirm, Confirmed>, unknown, RoomParams>): void {}

  async load(_call: StreamCall<unknown, RoomParams>, _request: Load): Promise<Page> {
    return new Page();
  }

  leave(_call: StreamCall<unknown, RoomParams>, _request: Typing): void {}

  async *watch(_call: StreamCall<unknown, RoomParams>, _request: Load): AsyncGenerator<Joined | Page> {}

  async upload(_call: StreamCall, _request: Load, _chunks: CallItems<Chunk>): Promise<Page> {
    return new Page();
  }

  async *convert(_call: StreamCall, _request: Load, _chunks: CallItems<Chunk>): AsyncGenerator<Chunk> {}
}

type RoomStreams = StreamsOf<{ room: RoomEndpoint; feed: FeedEndpoint }>;

const all = [Joined, Confirm, Confirmed, Load, Page, Typing, Chunk] as const;
const rooms = createStreamClient<RoomStreams>()({ url, messages: all });
// @ts-expect-error the reply of a request is missing
createStreamClient<RoomStreams>()({ url, messages: [Joined, Confirm, Load, Page, Typing, Chunk] });
// @ts-expect-error the reply of a method is missing
createStreamClient<RoomStreams>()({ url, messages: [Joined, Confirm, Confirmed, Load, Typing, Chunk] });
// @ts-expect-error the items of a method are missing
createStreamClient<RoomStreams>()({ url, messages: [Joined, Confirm, Confirmed, Load, Page, Typing] });

export async function call(signal: AbortSignal, chunks: Iterable<Chunk>): Promise<void> {
  const room = rooms.room({ roomId: 'lobby' });
  isTrue<Equals<typeof room, EndpointHandle<RoomStreams['room']>>>();
  isTrue<Equals<typeof room.stream, MessageStream<Joined>>>();
  rooms.room({ roomId: 'lobby', page: 2 });
  // @ts-expect-error a parameter is missing
  rooms.room({ page: 2 });
  // @ts-expect-error there is no such parameter
  rooms.room({ roomId: 'lobby', user: 'ann' });
  // @ts-expect-error the endpoint has parameters
  void rooms.room.stream;
  // @ts-expect-error the endpoint has no parameters
  rooms.feed({});

  const request = create(Load, { before: 7 });
  isTrue<Equals<Awaited<ReturnType<typeof room.load>>, Page>>();
  const page = await room.load(request, { signal, timeoutMs: 1_000, offline: 'queue' });
  page.texts.join();
  const loading = room.load(request);
  isTrue<Equals<typeof loading, ReplyCall<Page>>>();
  isTrue<Equals<typeof loading.id, string>>();
  await loading.cancel();
  isTrue<Equals<Awaited<ReturnType<typeof room.leave>>, void>>();

  const watching = room.watch(request, { id: loading.id });
  isTrue<Equals<typeof watching, StreamingCall<Joined | Page>>>();
  for await (const item of watching) isTrue<Equals<typeof item, Joined | Page>>();
  for await (const item of room.watch.resume(watching.id)) void item.$type;
  await room.watch.resume(watching.id, { signal }).cancel();
  const done = await room.upload(request, chunks, { signal });
  done.texts.join();
  for await (const chunk of room.convert(request, chunks)) isTrue<Equals<typeof chunk, Chunk>>();
  // A generator is an iterable too.
  void room.upload(
    request,
    (async function* () {
      yield new Chunk();
    })(),
  );

  // @ts-expect-error a stream of items has no `then`
  void watching.then;
  // @ts-expect-error a reply is no iterable
  loading[Symbol.asyncIterator]();
  // @ts-expect-error another request
  void room.load(new Page());
  // @ts-expect-error the request is missing
  void room.load();
  // @ts-expect-error the method takes no items
  void room.load(request, chunks);
  // @ts-expect-error the items are missing
  void room.upload(request);
  // @ts-expect-error items of another class
  void room.upload(request, [new Page()]);
  // @ts-expect-error a call is never discarded
  void room.load(request, { offline: 'drop' });
  // @ts-expect-error only a stream of items is resumed
  void room.load.resume;
  // @ts-expect-error the id names the call already
  void room.watch.resume(watching.id, { id: loading.id });
  // @ts-expect-error there is no such method
  void room.laod;
  // @ts-expect-error a lifecycle handler is no stream method
  void room.opened;

  const remove = room.onRequest(Confirm, async (question, context) => {
    isTrue<Equals<typeof question, Confirm>>();
    isTrue<Equals<typeof context.signal, AbortSignal>>();
    return create(Confirmed, { yes: true });
  });
  remove();
  // @ts-expect-error another reply
  room.onRequest(Confirm, () => new Page());
  // @ts-expect-error the server does not ask this
  room.onRequest(Page, () => new Confirmed());
  // @ts-expect-error the server of this endpoint asks nothing
  rooms.feed.onRequest(Confirm, () => new Confirmed());
  rooms.addContractListener(() => {})();
}
