// Compiled, not run: what the types of stream methods accept, and what they refuse.
import { StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
  CallItems,
  StreamCall,
  StreamMethod,
  type Asks,
} from '@nestwire/streams';
import type { EndpointStream } from '@nestwire/client';
import type { Observable } from 'rxjs';
import type { ReservedMethod } from '../../libs/streams/src/endpoint/reserved-method-name.js';
import type { MethodTypes } from '../../libs/streams/src/endpoint/streams-of.js';
import type { QuestionsOf, ReplyTo, RequestTypes } from '../../libs/streams/src/requests/asks.js';

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isTrue<T extends true>(): T | undefined {
  return undefined;
}

@StreamMessage('methods.types.load')
class Load {
  declare readonly $type: 'methods.types.load';
  before!: string;
}

@StreamMessage('methods.types.page')
class Page {
  declare readonly $type: 'methods.types.page';
  items!: string[];
}

@StreamMessage('methods.types.chunk')
class Chunk {
  declare readonly $type: 'methods.types.chunk';
  bytes!: Uint8Array;
}

@StreamMessage('methods.types.end')
class LastChunk {
  declare readonly $type: 'methods.types.end';
  hash!: string;
}

@StreamMessage('methods.types.said')
class Said {
  declare readonly $type: 'methods.types.said';
  text!: string;
}

@StreamMessage('methods.types.confirm')
class Confirm {
  declare readonly $type: 'methods.types.confirm';
  question!: string;
}

@StreamMessage('methods.types.confirmed')
class Confirmed {
  declare readonly $type: 'methods.types.confirmed';
  isAgreed!: boolean;
}

class Unmarked {
  text!: string;
}

type User = { id: string };

@StreamEndpoint('files')
export class FilesEndpoint {
  @StreamMethod(Load)
  async load(call: StreamCall<User>, request: Load): Promise<Page> {
    call.user.id.toUpperCase();
    call.signal.throwIfAborted();
    call.deadline?.getTime();
    request.before.trim();
    return new Page();
  }

  @StreamMethod(Load)
  clear(_call: StreamCall, _request: Load): void {}

  @StreamMethod(Load)
  async *watch(_call: StreamCall, _request: Load): AsyncGenerator<Page> {
    yield new Page();
  }

  @StreamMethod(Load, { resumable: { forMs: 600_000 } })
  async observe(_call: StreamCall, _request: Load): Promise<Observable<Page | Said>> {
    throw new Error('only compiled');
  }

  @StreamMethod(Load, { items: Chunk, once: true })
  async upload(_call: StreamCall, _request: Load, chunks: CallItems<Chunk>): Promise<Page> {
    for await (const chunk of chunks) chunk.bytes.fill(0);
    return new Page();
  }

  @StreamMethod(Load, { items: [Chunk, LastChunk] })
  async *exchange(
    call: StreamCall<User, unknown, Said>,
    _request: Load,
    chunks: CallItems<Chunk | LastChunk>,
  ): AsyncIterable<Chunk | LastChunk> {
    await call.session.sendStreamMessage(new Said());
    // @ts-expect-error the session does not send this
    await call.session.sendStreamMessage(new Page());
    yield* chunks;
  }

  @OnStreamMessage(Said)
  said(_session: StreamSession<Said>, _message: Said): Page | undefined {
    return undefined;
  }
}

type Files = StreamsOf<{ files: FilesEndpoint }>['files'];
isTrue<Equals<Files['in'], Said>>();
isTrue<Equals<Files['out'], Said | Page>>();
isTrue<Equals<Files['params'], never>>();
isTrue<Equals<Files['requests'], never>>();
isTrue<Equals<keyof Files['methods'], 'load' | 'clear' | 'watch' | 'observe' | 'upload' | 'exchange'>>();
isTrue<Equals<Files['methods']['load'], MethodTypes<Load, never, Page>>>();
isTrue<Equals<Files['methods']['clear'], MethodTypes<Load, never, void>>>();
isTrue<Equals<Files['methods']['watch'], MethodTypes<Load, never, AsyncIterable<Page>>>>();
isTrue<Equals<Files['methods']['observe'], MethodTypes<Load, never, AsyncIterable<Page | Said>>>>();
isTrue<Equals<Files['methods']['upload'], MethodTypes<Load, Chunk, Page>>>();
isTrue<
  Equals<Files['methods']['exchange'], MethodTypes<Load, Chunk | LastChunk, AsyncIterable<Chunk | LastChunk>>>
>();
// @ts-expect-error the check itself can fail
isTrue<Equals<Files['methods']['load'], MethodTypes<Load, never, Said>>>();

export class RefusedMethods {
  // @ts-expect-error takes no call
  @StreamMethod(Load) noCall(_request: Load): Page {
    return new Page();
  }

  // @ts-expect-error takes a session, not a call
  @StreamMethod(Load) session(_session: StreamSession, _request: Load): Page {
    return new Page();
  }

  // @ts-expect-error does not accept the request
  @StreamMethod(Load) another(_call: StreamCall, _request: Said): Page {
    return new Page();
  }

  // @ts-expect-error does not take the request
  @StreamMethod(Load) noRequest(_call: StreamCall): Page {
    return new Page();
  }

  // @ts-expect-error does not take the items
  @StreamMethod(Load, { items: Chunk }) noItems(_call: StreamCall, _request: Load): Page {
    return new Page();
  }

  // @ts-expect-error the decorator does not name the items
  @StreamMethod(Load) unnamed(_call: StreamCall, _request: Load, _items: CallItems<Chunk>): Page {
    return new Page();
  }

  // @ts-expect-error takes other items
  @StreamMethod(Load, { items: LastChunk }) other(
    _call: StreamCall,
    _request: Load,
    _items: CallItems<Chunk>,
  ): void {}

  // @ts-expect-error takes only one of the items
  @StreamMethod(Load, { items: [Chunk, LastChunk] }) some(
    _call: StreamCall,
    _request: Load,
    _items: CallItems<Chunk>,
  ): void {}

  // @ts-expect-error another iterable is no CallItems
  @StreamMethod(Load, { items: Chunk }) iterable(
    _call: StreamCall,
    _request: Load,
    _items: AsyncIterable<Chunk>,
  ): void {}

  // @ts-expect-error returns no message
  @StreamMethod(Load) text(_call: StreamCall, request: Load): string {
    return request.before;
  }

  // @ts-expect-error returns a class that is not a message
  @StreamMethod(Load) async unmarked(_call: StreamCall, _request: Load): Promise<Unmarked> {
    return new Unmarked();
  }

  // @ts-expect-error returns perhaps nothing
  @StreamMethod(Load) maybe(_call: StreamCall, _request: Load): Page | undefined {
    return undefined;
  }

  // @ts-expect-error returns a list, which is neither a message nor a stream
  @StreamMethod(Load) list(_call: StreamCall, _request: Load): Page[] {
    return [];
  }

  // @ts-expect-error hides its reply
  // oxlint-disable-next-line no-explicit-any -- the type under test
  @StreamMethod(Load) async any(_call: StreamCall, _request: Load): Promise<any> {
    return undefined;
  }

  // @ts-expect-error hides its reply
  @StreamMethod(Load) unknown(_call: StreamCall, request: Load): unknown {
    return request.before;
  }

  // @ts-expect-error hides its items
  // oxlint-disable-next-line no-explicit-any -- the type under test
  @StreamMethod(Load) async *anyItems(_call: StreamCall, _request: Load): AsyncGenerator<any> {}

  // @ts-expect-error yields no messages
  @StreamMethod(Load) async *texts(_call: StreamCall, request: Load): AsyncGenerator<string> {
    yield request.before;
  }

  // @ts-expect-error yields a class that is not a message
  @StreamMethod(Load) async *mixed(_call: StreamCall, _request: Load): AsyncGenerator<Page | Unmarked> {}

  // @ts-expect-error the request is no message
  @StreamMethod(Unmarked) unmarkedRequest(_call: StreamCall, _request: Unmarked): void {}

  // @ts-expect-error the items are no messages
  @StreamMethod(Load, { items: Unmarked }) unmarkedItems(
    _call: StreamCall,
    _request: Load,
    _items: CallItems<Unmarked>,
  ): void {}

  // @ts-expect-error names no class of items
  @StreamMethod(Load, { items: [] }) noClasses(_call: StreamCall, _request: Load): void {}

  // @ts-expect-error there is no such option
  @StreamMethod(Load, { twice: true }) twice(_call: StreamCall, _request: Load): void {}

  // @ts-expect-error a call belongs to @StreamMethod
  @OnStreamMessage(Load) handler(_call: StreamCall, _message: Load): void {}

  // @ts-expect-error takes a call, but no session
  @OnStreamOpened() opened(_call: StreamCall): void {}
}

export class RefusedNames {
  // @ts-expect-error every promise has it
  @StreamMethod(Load) then(_call: StreamCall, _request: Load): void {}

  // @ts-expect-error the client's endpoint has it
  @StreamMethod(Load) stream(_call: StreamCall, _request: Load): void {}

  // @ts-expect-error the client's endpoint has it
  @StreamMethod(Load) onRequest(_call: StreamCall, _request: Load): void {}

  // @ts-expect-error every function has it
  @StreamMethod(Load) apply(_call: StreamCall, _request: Load): void {}

  // @ts-expect-error every object has it
  @StreamMethod(Load) toString(_call: StreamCall, _request: Load): never {
    throw new Error('only compiled');
  }

  // @ts-expect-error begins with no letter
  @StreamMethod(Load) _load(_call: StreamCall, _request: Load): void {}

  // @ts-expect-error begins with no letter
  @StreamMethod(Load) $load(_call: StreamCall, _request: Load): void {}

  @StreamMethod(Load) Zoom(_call: StreamCall, _request: Load): void {}
}

/** The members of a function and of an endpoint of the client are all reserved. */
type StringKey<T> = Extract<keyof T, string>;
isTrue<
  Equals<
    Exclude<
      StringKey<typeof Function.prototype> | StringKey<typeof Object.prototype> | keyof EndpointStream<1, 1>,
      ReservedMethod
    >,
    never
  >
>();

@StreamEndpoint('asking')
export class AskingEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Said | Asks<Confirm, Confirmed>>): Promise<void> {
    await session.sendStreamMessage(new Said());
    // @ts-expect-error a question is asked, not sent
    await session.sendStreamMessage(new Confirm());
  }
}

type Asking = StreamsOf<{ asking: AskingEndpoint }>['asking'];
isTrue<Equals<Asking['out'], Said>>();
isTrue<Equals<Asking['requests'], RequestTypes<Confirm, Confirmed>>>();
isTrue<Equals<QuestionsOf<Said | Asks<Confirm, Confirmed>>, Confirm>>();
isTrue<Equals<ReplyTo<Said | Asks<Confirm, Confirmed> | Asks<Load, Page>, Load>, Page>>();

export function nominal(iterable: AsyncIterable<Chunk>, call: Omit<StreamCall, never>): void {
  // @ts-expect-error items come from a call alone
  const items: CallItems<Chunk> = iterable;
  // @ts-expect-error a call comes from the server alone
  const copied: StreamCall = call;
  void [items, copied];
}
