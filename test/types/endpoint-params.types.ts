// Compiled, not run: what the types of endpoints with parameters accept, and what they refuse.
import { StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
  StreamCall,
  StreamMethod,
} from '@nestwire/streams';

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isTrue<T extends true>(): T | undefined {
  return undefined;
}

@StreamMessage('params.types.said')
class Said {
  declare readonly $type: 'params.types.said';
  text!: string;
}

type User = { id: string };

class RoomParams {
  roomId!: string;
  page?: number;
}

class OtherParams {
  userId!: string;
}

@StreamEndpoint('room', { params: RoomParams, requireLogin: true })
export class RoomEndpoint {
  @OnStreamOpened()
  opened(session: StreamSession<Said, User, RoomParams>): void {
    session.params.roomId.trim();
    session.params.page?.toFixed();
    // @ts-expect-error there is no such parameter
    session.params.userId.trim();
    helper(session);
  }

  @OnStreamMessage(Said)
  said(_session: StreamSession<Said, User, RoomParams>, _message: Said): void {}

  @StreamMethod(Said)
  load(call: StreamCall<User, RoomParams>, _request: Said): Said {
    call.params.roomId.trim();
    call.session.params.roomId.trim();
    return new Said();
  }
}

/** A function for sessions of all endpoints accepts one with parameters. */
export function helper(session: StreamSession<Said, User>): void {
  // @ts-expect-error the parameters are unknown here
  session.params.roomId.trim();
}

/** Some handlers may leave the parameters out. */
@StreamEndpoint('partly', { params: RoomParams })
export class PartlyEndpoint {
  @OnStreamOpened() opened(_session: StreamSession<Said, User, RoomParams>): void {}
  @OnStreamMessage(Said) said(_session: StreamSession<Said>, _message: Said): void {}
}

/** A method that only takes the call declares the parameters too. */
@StreamEndpoint('by-call', { params: RoomParams })
export class ByCallEndpoint {
  @StreamMethod(Said) load(_call: StreamCall<User, RoomParams>, _request: Said): void {}
}

type App = StreamsOf<{ room: RoomEndpoint; partly: PartlyEndpoint; byCall: ByCallEndpoint }>;
isTrue<Equals<App['room']['params'], RoomParams>>();
isTrue<Equals<App['partly']['params'], RoomParams>>();
isTrue<Equals<App['byCall']['params'], RoomParams>>();
isTrue<Equals<App['room']['in'], Said>>();
isTrue<Equals<App['room']['out'], Said>>();

// @ts-expect-error the decorator does not name the parameters
@StreamEndpoint('unnamed')
export class UnnamedEndpoint {
  @OnStreamOpened() opened(_session: StreamSession<Said, User, RoomParams>): void {}
}

// @ts-expect-error no handler declares the parameters
@StreamEndpoint('undeclared', { params: RoomParams })
export class UndeclaredEndpoint {
  @OnStreamOpened() opened(_session: StreamSession<Said, User>): void {}
}

// @ts-expect-error no handler declares the parameters
@StreamEndpoint('empty', { params: RoomParams })
export class EmptyEndpoint {}

// @ts-expect-error the handlers declare other parameters
@StreamEndpoint('other', { params: RoomParams })
export class OtherEndpoint {
  @OnStreamOpened() opened(_session: StreamSession<Said, User, OtherParams>): void {}
}

// @ts-expect-error one handler declares other parameters
@StreamEndpoint('mixed', { params: RoomParams })
export class MixedEndpoint {
  @OnStreamOpened() opened(_session: StreamSession<Said, User, RoomParams>): void {}
  @OnStreamMessage(Said) said(_session: StreamSession<Said, User, OtherParams>, _message: Said): void {}
}

class NestedParams {
  room!: { id: string };
}

class ListParams {
  ids!: string[];
}

class MethodParams {
  roomId!: string;
  toText(): string {
    return this.roomId;
  }
}

// @ts-expect-error a parameter is flat
@StreamEndpoint('nested', { params: NestedParams })
export class NestedEndpoint {
  @OnStreamOpened() opened(_session: StreamSession<Said, User, NestedParams>): void {}
}

// @ts-expect-error a parameter is flat
@StreamEndpoint('list', { params: ListParams })
export class ListEndpoint {
  @OnStreamOpened() opened(_session: StreamSession<Said, User, ListParams>): void {}
}

// @ts-expect-error a parameter is no method
@StreamEndpoint('method', { params: MethodParams })
export class MethodEndpoint {
  @OnStreamOpened() opened(_session: StreamSession<Said, User, MethodParams>): void {}
}

// @ts-expect-error parameters are a class
@StreamEndpoint('text', { params: 'roomId' })
export class TextEndpoint {}
