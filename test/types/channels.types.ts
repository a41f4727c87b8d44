// Compiled, not run: what the types of channels accept, and what they refuse.
import {
  defineChannel,
  MessagesService,
  OnChannelMessage,
  type Channel,
  type StoredPost,
} from '@nestwire/messages';
import { StreamGap, StreamMessage } from '@nestwire/protocol';
import { ChannelSnapshot, StreamSession } from '@nestwire/streams';

@StreamMessage('types.said')
export class Said {
  declare readonly $type: 'types.said';
  text!: string;
}

@StreamMessage('types.room')
export class RoomState {
  declare readonly $type: 'types.room';
  texts!: string[];
}

@StreamMessage('types.moved')
export class Moved {
  declare readonly $type: 'types.moved';
  x!: number;
}

const HISTORY = { messages: 100, ageMs: 60_000 };
export const pointers = defineChannel('pointers', { messages: [Said] });
export const score = defineChannel('score', { messages: [Said], latest: true });
export const room = defineChannel('room', { messages: [Said], history: HISTORY });
export const board = defineChannel('board', { messages: [Said], history: HISTORY, snapshot: [RoomState] });

/** Posts on any channel, with an id where there is one. */
export async function postAnywhere(
  messages: MessagesService,
  channel: string | Channel<Said>,
  said: Said,
  id?: string,
): Promise<string> {
  await messages.postMessage('a', said, { id });
  await messages.postMessage(pointers('a'), said, { id, scope: 'auto' });
  const { delivered } = await messages.postMessage(channel, said, { id });
  return delivered;
}

export async function post(messages: MessagesService, said: Said): Promise<void> {
  const stored: StoredPost = await messages.postMessage(room('a'), said, { id: 'mine' });
  stored.position.offset.toFixed();
  const { delivered } = await messages.postMessage(pointers('a'), said, { scope: 'global' });
  delivered satisfies 'local' | 'global' | 'degraded';
  // @ts-expect-error what is kept has no scope
  await messages.postMessage(room('a'), said, { scope: 'local' });
  for (const channel of ['a', pointers('a'), score, room('a')]) await postAnywhere(messages, channel, said);
  // @ts-expect-error the channel does not carry this
  await messages.postMessage(room('a'), new RoomState());
}

export async function listen(messages: MessagesService): Promise<void> {
  await messages.addListener(room('a'), (message: Said | StreamGap) => message.$type);
  await messages.addListener(score, (message: Said) => message.text);
  await messages.addListener(pointers, (message: Said) => message.text);
  await messages.addListener('a', (message: Said) => message.text);
  // @ts-expect-error a gap may come
  await messages.addListener(room('a'), (message: Said) => message.text);
  for await (const message of messages.createStream(room('a'))) message satisfies Said | StreamGap;
  for await (const message of messages.createStream(score)) message satisfies Said;
}

export class Listeners {
  @OnChannelMessage(room('a'))
  all(_message: Said | StreamGap): void {}

  @OnChannelMessage(room('a'), Said)
  said(_message: Said): void {}

  @OnChannelMessage(score)
  newest(_message: Said): void {}

  // @ts-expect-error a gap may come
  @OnChannelMessage(room('a'))
  withoutGaps(_message: Said): void {}

  @ChannelSnapshot(board)
  async snapshot(): Promise<RoomState> {
    return new RoomState();
  }

  @ChannelSnapshot(board)
  ofSubscriber({ name }: Channel, { params }: StreamSession<Said, unknown, { roomId: string }>): RoomState {
    name.trim();
    params.roomId.trim();
    return new RoomState();
  }

  // @ts-expect-error takes an argument of the channel, which is not passed
  @ChannelSnapshot(board)
  ofRoom(_channel: Channel, _roomId: string): RoomState {
    return new RoomState();
  }

  // @ts-expect-error takes another channel
  @ChannelSnapshot(board)
  ofAnother(_channel: Channel<Moved>): RoomState {
    return new RoomState();
  }

  // @ts-expect-error not of the class that the channel is defined with
  @ChannelSnapshot(board)
  wrong(): Said {
    return new Said();
  }
}

export async function subscribe(
  facing: StreamSession<Said | StreamGap>,
  blind: StreamSession<Said>,
  withState: StreamSession<Said | RoomState>,
): Promise<void> {
  await facing.subscribe(room('a'));
  await blind.subscribe(score);
  await blind.subscribe(pointers);
  await blind.subscribe('a');
  await withState.subscribe(board);
  // @ts-expect-error a gap may come
  await blind.subscribe(room('a'));
  // @ts-expect-error the snapshot comes in place of a gap
  await facing.subscribe(board);
  for (const name of facing.resuming) facing.resuming.release(name);
}

/** The types hide the members that only this library calls. */
export function hidden(messages: MessagesService): void {
  const stream = messages.createStream(pointers('x'));
  // @ts-expect-error the library attaches receivers of publications
  void messages.attach(pointers('x'), () => undefined);
  // @ts-expect-error the library follows channels
  void messages.follow(room('x'), () => undefined);
  // @ts-expect-error the library adds publications
  stream.push(undefined);
  // @ts-expect-error the library sets the promise
  stream.attached = Promise.resolve();
}
