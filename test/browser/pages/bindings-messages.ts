import type { MessageStream, StreamTypes } from '@nestwire/client';
import {
  StreamMessage,
  type PresenceJoined,
  type PresenceLeft,
  type PresenceMembers,
  type PresenceUpdated,
} from '@nestwire/protocol';

/** A note on the board. */
export class Note {
  declare readonly $type: 'bindings.note';
  text!: string;
}

/** Asks the server to post a note. */
export class Say {
  declare readonly $type: 'bindings.say';
  text!: string;
}

/** The number of notes so far. */
export class Score {
  declare readonly $type: 'bindings.score';
  value!: number;
}

// Not as decorators: the bundler of the page keeps names of classes alone.
StreamMessage('bindings.note')(Note);
StreamMessage('bindings.say')(Say);
StreamMessage('bindings.score')(Score);

/** The types of the endpoint of the test. */
export interface BoardStreams {
  readonly board: StreamTypes & {
    readonly in: Say;
    readonly out: Note | Score | PresenceMembers | PresenceJoined | PresenceUpdated | PresenceLeft;
  };
  readonly wall: StreamTypes & {
    readonly in: never;
    readonly out: never;
    readonly params: { wallId: string };
    readonly methods: {
      readonly add: { readonly request: Say; readonly items: never; readonly reply: Score };
      readonly count: { readonly request: Say; readonly items: never; readonly reply: AsyncIterable<Score> };
    };
  };
}

/** Counts the open readers of a stream; call the result for their number. */
export function countReaders(stream: MessageStream<object>): () => number {
  const open = stream[Symbol.asyncIterator].bind(stream);
  let count = 0;
  stream[Symbol.asyncIterator] = () => {
    const reader = open();
    const leave = reader.return!.bind(reader);
    count += 1;
    reader.return = () => {
      count -= 1;
      reader.return = leave;
      return leave();
    };
    return reader;
  };
  return () => count;
}
