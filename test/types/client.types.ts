// Compiled, not run: what the types of @nestwire/client accept, and what they refuse.
import {
  createStreamClient,
  PositionStore,
  sessionPositions,
  type MessageStream,
  type StreamClient,
} from '@nestwire/client';
import { create, StreamMessage } from '@nestwire/protocol';
import type { ResumePosition } from '@nestwire/protocol/codec';
import { OnStreamMessage, StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';

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
