// The code of docs/delivery.md; compiled with the tests, and run by delivery.spec.ts.
import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import {
  type Channel,
  defineChannel,
  MessagesError,
  MessagesErrorCode,
  MessagesService,
  OnChannelMessage,
  type StoredPost,
} from '@nestwire/messages';
import { create, StreamGap, StreamMessage } from '@nestwire/protocol';
import {
  ChannelSnapshot,
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamMessageId,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { IsInt, IsString, MaxLength } from 'class-validator';

@StreamMessage('delivery-docs.join')
export class Join {
  declare readonly $type: 'delivery-docs.join';
  @IsString() @MaxLength(64) room!: string;
}

@StreamMessage('delivery-docs.say')
export class Say {
  declare readonly $type: 'delivery-docs.say';
  @IsString() @MaxLength(64) room!: string;
  @IsString() @MaxLength(2_000) text!: string;
}

@StreamMessage('delivery-docs.said')
export class Said {
  declare readonly $type: 'delivery-docs.said';
  @IsString() text!: string;
}

@StreamMessage('delivery-docs.pointer')
export class PointerMoved {
  declare readonly $type: 'delivery-docs.pointer';
  @IsInt() x!: number;
}

@StreamMessage('delivery-docs.score')
export class Score {
  declare readonly $type: 'delivery-docs.score';
  @IsString() text!: string;
}

@StreamMessage('delivery-docs.card')
export class CardIs {
  declare readonly $type: 'delivery-docs.card';
  @IsString() id!: string;
  @IsString() column!: string;
}

@StreamMessage('delivery-docs.board')
export class BoardIs {
  declare readonly $type: 'delivery-docs.board';
  cards: CardIs[] = [];
}

// #region channels
export const pointers = defineChannel('pointers', { messages: [PointerMoved] });

export const score = defineChannel('score', { messages: [Score], latest: true });

export const room = defineChannel('room', {
  messages: [Said],
  history: { messages: 500, ageMs: 86_400_000 },
});

export const board = defineChannel('board', {
  messages: [CardIs],
  history: { messages: 200, ageMs: 3_600_000 },
  durability: 'replicated',
  snapshot: [BoardIs],
});
// #endregion channels

// #region post
export async function say(messages: MessagesService, text: string): Promise<StoredPost> {
  const message = create(Said, { text });
  try {
    return await messages.postMessage(room('lobby'), message);
  } catch (error) {
    if (!(error instanceof MessagesError) || error.code !== MessagesErrorCode.Uncertain) throw error;
    // The same id: stored once, even if the first attempt succeeded.
    return messages.postMessage(room('lobby'), message, { id: error.messageId });
  }
}
// #endregion post

// #region gap
@Injectable()
export class RoomLog {
  readonly lines: string[] = [];

  @OnChannelMessage(room('lobby'))
  said(message: Said | StreamGap): void {
    if (message instanceof StreamGap) this.lines.push(`(some are missing: ${message.reason})`);
    else this.lines.push(message.text);
  }
}
// #endregion gap

// #region endpoint
@StreamEndpoint('rooms')
export class RoomsEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamMessage(Join)
  async join(session: StreamSession<Said | StreamGap>, message: Join): Promise<void> {
    await session.subscribe(room(message.room));
  }

  @OnStreamMessage(Say)
  async say(_session: StreamSession, message: Say, @StreamMessageId() messageId?: string): Promise<void> {
    const said = create(Said, { text: message.text });
    await this.messages.postMessage(room(message.room), said, { id: messageId && hashed(messageId) });
  }
}

/** Receivers see the id of a post. The hash hides which posts have the same sender. */
function hashed(messageId: string): string {
  return createHash('sha256').update(messageId).digest('base64url');
}
// #endregion endpoint

@Injectable()
export class Cards {
  readonly columns = new Map<string, string>();
}

// #region snapshot
@StreamEndpoint('boards')
export class BoardsEndpoint {
  constructor(private readonly cards: Cards) {}

  @OnStreamOpened()
  async opened(session: StreamSession<CardIs | BoardIs>): Promise<void> {
    await session.subscribe(board('7'));
  }

  @ChannelSnapshot(board)
  boardIs(_channel: Channel): BoardIs {
    const cards = [...this.cards.columns].map(([id, column]) => create(CardIs, { id, column }));
    return create(BoardIs, { cards });
  }
}
// #endregion snapshot

export type AppStreams = StreamsOf<{ rooms: RoomsEndpoint; boards: BoardsEndpoint }>;

export function createClient(url: string) {
  return createStreamClient<AppStreams>()({
    url,
    messages: [Join, Say, Said, StreamGap, CardIs, BoardIs],
  });
}
type Client = ReturnType<typeof createClient>;

// #region client
export async function showRoom(client: Client, lines: string[]): Promise<void> {
  await client.rooms.sendStreamMessage(create(Join, { room: 'lobby' }));
  for await (const message of client.rooms.stream) {
    if (message instanceof StreamGap)
      lines.length = 0; // load the messages from a database
    else lines.push(message.text);
  }
}

export async function showBoard(client: Client, columns: Map<string, string>): Promise<void> {
  for await (const message of client.boards.stream) {
    if (message instanceof BoardIs) columns.clear();
    const cards = message instanceof BoardIs ? message.cards : [message];
    for (const { id, column } of cards) columns.set(id, column);
  }
}
// #endregion client
