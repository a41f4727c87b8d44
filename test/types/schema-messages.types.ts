// Compiled, not run: the types of messages that `defineMessage` makes, and their use in the other packages.
import { createStreamClient } from '@nestwire/client';
import { defineChannel, OnChannelMessage, type MessagesService } from '@nestwire/messages';
import { create, createAsync, defineMessage, StreamMessage, type MessageOf } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isTrue<T extends true>(): T | undefined {
  return undefined;
}

/** Uses a value of a type. */
function use<T>(_value: T): void {}

export const Say = defineMessage(
  'types.say',
  z.object({ text: z.string(), tags: z.array(z.string()).default([]), at: z.date().optional() }),
);
export type Say = MessageOf<typeof Say>;

export const Move = defineMessage('types.move', v.object({ x: v.number(), kind: v.picklist(['a', 'b']) }));
export type Move = MessageOf<typeof Move>;

export const Vote = defineMessage('types.vote', type({ choice: "'yes' | 'no'", 'note?': 'string' }));
export type Vote = MessageOf<typeof Vote>;

export const Shape = defineMessage(
  'types.shape',
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('circle'), radius: z.number() }),
    z.object({ kind: z.literal('square'), side: z.number() }),
  ]),
);
export type Shape = MessageOf<typeof Shape>;

/** A class beside them. */
@StreamMessage('types.decorated')
export class Decorated {
  declare readonly $type: 'types.decorated';
  text!: string;
}

// The messages of a definition.
isTrue<Equals<Say['$type'], 'types.say'>>();
isTrue<Equals<Say['text'], string>>();
isTrue<Equals<Say['tags'], string[]>>();
isTrue<Equals<Say['at'], Date | undefined>>();
isTrue<Equals<Move['kind'], 'a' | 'b'>>();
isTrue<Equals<Vote['choice'], 'yes' | 'no'>>();
isTrue<Equals<Shape['kind'], 'circle' | 'square'>>();
isTrue<Equals<(typeof Say)['messageName'], 'types.say'>>();
isTrue<Equals<MessageOf<typeof Decorated>, Decorated>>();

// create() takes the input of the schema, and returns its output.
isTrue<Equals<Say, ReturnType<typeof created>>>();
function created() {
  return create(Say, { text: 'hi' });
}
create(Say, { ...create(Say, { text: 'hi' }), tags: ['a'] });
create(Vote, { choice: 'yes' });
create(Move, { x: 1, kind: 'a' });
create(Shape, { kind: 'circle', radius: 1 });
use<number | undefined>(new Say({ text: 'hi' }).tags.at(0)?.length);
void createAsync(Say, { text: 'hi' }).then((say: Say) => say.text);
// @ts-expect-error a property is missing
create(Say, {});
// @ts-expect-error a property has another type
create(Say, { text: 1 });
// @ts-expect-error the schema does not have this property
create(Say, { text: 'hi', other: 1 });
// @ts-expect-error not one of the values
create(Vote, { choice: 'maybe' });
// @ts-expect-error not one of the values
create(Move, { x: 1, kind: 'c' });
// @ts-expect-error the input of the schema is required
new Say();
// @ts-expect-error only messages of schemas are made asynchronously
void createAsync(Decorated, { text: 'hi' });

// Classes are made as before.
use<number>(create(Decorated, { text: 'hi' }).text.length);
// @ts-expect-error the class does not have this property
create(Decorated, { text: 'hi', other: 1 });

// Schemas that cannot be messages.
// @ts-expect-error the output is a number, which the schema does not accept
defineMessage('types.bad', z.object({ age: z.string().transform(Number) }));
const ofText = v.object({
  at: v.pipe(
    v.string(),
    v.transform((text) => new Date(text)),
  ),
});
// @ts-expect-error the output is a Date, which the schema does not accept
defineMessage('types.bad', ofText);
// @ts-expect-error the output is a number, which the schema does not accept
defineMessage('types.bad', type({ age: 'string.numeric.parse' }));
// @ts-expect-error not an object
defineMessage('types.bad', z.string());
// @ts-expect-error not an object
defineMessage('types.bad', z.array(z.string()));
// @ts-expect-error not always an object
defineMessage('types.bad', z.union([z.object({ a: z.string() }), z.array(z.string())]));
// @ts-expect-error not an object
defineMessage('types.bad', v.nullable(v.object({})));
// @ts-expect-error not an object
defineMessage('types.bad', type('string'));
// @ts-expect-error not an object with names
defineMessage('types.bad', z.date());
// @ts-expect-error not an object with names
defineMessage('types.bad', z.map(z.string(), z.string()));
// @ts-expect-error any may be no object
defineMessage('types.bad', z.any());
// @ts-expect-error unknown may be no object
defineMessage('types.bad', z.unknown());
// @ts-expect-error the discriminant belongs to the definition
defineMessage('types.bad', z.object({ $type: z.literal('types.bad') }));
// @ts-expect-error no schema
defineMessage('types.bad', { text: 'string' });
defineMessage('types.good', z.object({}));
defineMessage('types.good', v.object({}));
defineMessage('types.good', type({}));
defineMessage('types.good', z.looseObject({ text: z.string() }));
defineMessage('types.good', z.record(z.string(), z.number()));
defineMessage('types.good', z.object({ text: z.string().trim() }));

@StreamEndpoint('desk')
export class DeskEndpoint {
  @OnStreamMessage(Say)
  onSay(_session: StreamSession<Vote>, message: Say): Move {
    return create(Move, { x: message.text.length, kind: 'a' });
  }

  @OnStreamMessage(Shape, Decorated)
  onEither(_session: StreamSession, message: Shape | Decorated): void {
    if (message.$type === 'types.decorated') use<number>(message.text.length);
    else if (message.kind === 'circle') use<string>(message.radius.toFixed());
  }
}

export class WrongEndpoint {
  // @ts-expect-error the handler takes another message
  @OnStreamMessage(Say) other(_session: StreamSession, _message: Move): void {}
  // @ts-expect-error the handler takes only some of the messages
  @OnStreamMessage(Say, Move) some(_session: StreamSession, _message: Say): void {}
  // @ts-expect-error the definition is no message
  @OnStreamMessage(Say) definition(_session: StreamSession, _message: typeof Say): void {}
  // @ts-expect-error the handler returns no message
  @OnStreamMessage(Say) returned(_session: StreamSession, _message: Say): { text: string } {
    return { text: '' };
  }
}

export class WrongSender {
  async send(session: StreamSession<Vote>): Promise<void> {
    await session.sendStreamMessage(create(Vote, { choice: 'no' }));
    // @ts-expect-error the session does not send this
    await session.sendStreamMessage(create(Say, { text: '' }));
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint }>;
isTrue<Equals<Streams['desk']['in'], Say | Shape | Decorated>>();
isTrue<Equals<Streams['desk']['out'], Vote | Move>>();

const connect = createStreamClient<Streams>();
const options = { url: 'ws://localhost/streams' };
const client = connect({ ...options, messages: [Say, Vote, Move, Shape, Decorated] });
// @ts-expect-error the definition of a message is missing
connect({ ...options, messages: [Say, Vote, Shape, Decorated] });

export async function useClient(): Promise<void> {
  await client.desk.sendStreamMessage(create(Say, { text: 'hi' }));
  // @ts-expect-error the endpoint does not take this
  await client.desk.sendStreamMessage(create(Move, { x: 1, kind: 'a' }));
  for await (const message of client.desk.stream) {
    if (message.$type === 'types.vote') isTrue<Equals<typeof message.choice, 'yes' | 'no'>>();
    else isTrue<Equals<typeof message.x, number>>();
    if (message instanceof Vote) use<number>(message.choice.length);
  }
}

export const room = defineChannel('types-room', {
  messages: [Say, Vote],
  history: { messages: 10, ageMs: 1_000 },
});

export class Listener {
  @OnChannelMessage('types', Say)
  said(_message: Say): void {}

  // @ts-expect-error the listener takes another message
  @OnChannelMessage('types', Say)
  wrong(_message: Move): void {}
}

export async function useChannel(messages: MessagesService): Promise<void> {
  await messages.postMessage(room('a'), create(Say, { text: 'hi' }));
  // @ts-expect-error the channel does not carry this
  await messages.postMessage(room('a'), create(Move, { x: 1, kind: 'a' }));
  for await (const message of messages.createStream(room('a'))) {
    if (message.$type === 'types.say') use<number>(message.tags.length);
    else if (message.$type === 'types.vote') use<number>(message.choice.length);
    else use<number>(message.reason.length);
  }
}
