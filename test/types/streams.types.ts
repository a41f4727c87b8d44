// Compiled, not run: what the types of @nestwire/streams accept, and what they refuse.
import { ConnectedSocket, MessageBody } from '@nestjs/websockets';
import { StreamMessage } from '@nestwire/protocol';
import type { Observable } from 'rxjs';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  StreamEndpoint,
  StreamMessageId,
  StreamSession,
  UserObject,
  type StreamsOf,
} from '@nestwire/streams';

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isTrue<T extends true>(): T | undefined {
  return undefined;
}

@StreamMessage('types.chat')
export class Chat {
  declare readonly $type: 'types.chat';
  text!: string;
  preview(): string {
    return this.text;
  }
}

@StreamMessage('types.typing')
export class Typing {
  declare readonly $type: 'types.typing';
  user!: string;
}

@StreamMessage('types.joined')
export class Joined {
  declare readonly $type: 'types.joined';
  user!: string;
}

@StreamMessage('types.left')
export class Left {
  declare readonly $type: 'types.left';
  user!: string;
}

class Unmarked {
  text!: string;
}

class Typist {
  sent = 0;
}

type User = { id: string };

@StreamEndpoint('chat', { requireLogin: true, requiredScopes: ['chat'], open: 'on-connect' })
export class ChatEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Chat, User>): Promise<void> {
    session.user.id.toUpperCase();
    await session.sendStreamMessage(new Chat());
    // @ts-expect-error the session does not send this
    await session.sendStreamMessage(new Typing());
  }

  @OnStreamMessage(Chat)
  async onChat(
    _session: StreamSession<Chat, User>,
    message: Chat,
    @UserObject() typist: Typist,
  ): Promise<void> {
    typist.sent += message.preview().length;
  }

  @OnStreamMessage(Typing)
  onTyping(_session: StreamSession, _message: Typing): Joined | undefined {
    return undefined;
  }

  @OnStreamMessage(Left, { once: true })
  onLeft(@MessageBody() _message: Left, @ConnectedSocket() _session: StreamSession): void {}

  @OnStreamClosed()
  closed(_session: StreamSession, _reason: SessionCloseReason): void {}

  helper(text: string): string {
    return text;
  }
}

@StreamEndpoint('results')
export class ResultsEndpoint {
  @OnStreamMessage(Chat) one(_session: StreamSession, _message: Chat): Chat {
    return new Chat();
  }
  @OnStreamMessage(Typing) async list(_session: StreamSession, _message: Typing): Promise<Typing[]> {
    return [];
  }
  @OnStreamMessage(Joined) async *iterable(
    _session: StreamSession,
    _message: Joined,
  ): AsyncGenerator<Joined> {}
  @OnStreamMessage(Left) observable(_session: StreamSession, _message: Left): Observable<Left> {
    throw new Error('only compiled');
  }
}

/** `unknown` compiles as a result: an interceptor may map it to a message. */
export class OpenResults {
  @OnStreamMessage(Chat) unknown(_session: StreamSession, message: Chat): unknown {
    return message.text;
  }
  @OnStreamMessage(Chat) async later(_session: StreamSession, message: Chat): Promise<unknown> {
    return message.text;
  }
  @OnStreamMessage(Chat) never(_session: StreamSession, _message: Chat): never {
    throw new Error('only compiled');
  }
  @OnStreamMessage(Chat) maybe(_session: StreamSession, _message: Chat): Promise<Chat | null> | undefined {
    return undefined;
  }
  @OnStreamMessage(Chat) async *lists(_session: StreamSession, _message: Chat): AsyncGenerator<Chat[]> {}
  @OnStreamClosed() async closed(_session: StreamSession): Promise<string> {
    return 'is sent to nobody';
  }
}

@StreamEndpoint('any')
export class CatchAllEndpoint {
  @OnStreamMessage(Chat, Typing) any(_session: StreamSession<Left>, message: Chat | Typing): void {
    if (message.$type === 'types.chat') message.preview();
    else message.user.trim();
  }
}

export type AppStreams = StreamsOf<{ chat: ChatEndpoint; results: ResultsEndpoint; any: CatchAllEndpoint }>;

isTrue<Equals<AppStreams['chat']['in'], Chat | Typing | Left>>();
isTrue<Equals<AppStreams['chat']['out'], Chat | Joined>>();
isTrue<Equals<AppStreams['results']['in'], Chat | Typing | Joined | Left>>();
isTrue<Equals<AppStreams['results']['out'], Chat | Typing | Joined | Left>>();
isTrue<Equals<AppStreams['any']['in'], Chat | Typing>>();
isTrue<Equals<AppStreams['any']['out'], Left>>();
// @ts-expect-error the check itself can fail
isTrue<Equals<AppStreams['any']['out'], Chat>>();

// @ts-expect-error "close" means something else on the client
export type Reserved = StreamsOf<{ close: ChatEndpoint }>;
// @ts-expect-error "calls" will mean something on the client
export type Coming = StreamsOf<{ calls: ChatEndpoint }>;

export class Refused {
  // @ts-expect-error takes no session
  @OnStreamMessage(Chat) noSession(_message: Chat): void {}

  // @ts-expect-error takes nothing
  @OnStreamMessage(Chat) nothing(): void {}

  // @ts-expect-error does not accept Joined
  @OnStreamMessage(Joined) another(_session: StreamSession, _message: Typing): void {}

  // @ts-expect-error does not accept Typing
  @OnStreamMessage(Chat, Typing) notAll(_session: StreamSession, _message: Chat): void {}

  // @ts-expect-error does not accept Typing
  @OnStreamMessage(Chat, Typing, { once: true }) notAllOnce(_session: StreamSession, _message: Chat): void {}

  // @ts-expect-error names no message class
  @OnStreamMessage({ once: true }) noClassOnce(_session: StreamSession, _message: Chat): void {}

  // @ts-expect-error there is no such option
  @OnStreamMessage(Chat, { twice: true }) twice(_session: StreamSession, _message: Chat): void {}

  // @ts-expect-error names no message class
  @OnStreamMessage() noClass(_session: StreamSession, _message: Chat): void {}

  // @ts-expect-error the class is not a message
  @OnStreamMessage(Unmarked) unmarked(_session: StreamSession, _message: Unmarked): void {}

  // @ts-expect-error returns no message
  @OnStreamMessage(Chat) text(_session: StreamSession, message: Chat): string {
    return message.text;
  }

  // @ts-expect-error returns no message
  @OnStreamMessage(Chat) async result(
    _session: StreamSession,
    _message: Chat,
  ): Promise<{ delivered: string }> {
    return { delivered: 'local' };
  }

  // @ts-expect-error hides its result
  // oxlint-disable-next-line no-explicit-any -- the type under test
  @OnStreamMessage(Chat) any(_session: StreamSession, _message: Chat): any {
    return undefined;
  }

  // @ts-expect-error hides its result
  // oxlint-disable-next-line no-explicit-any -- the type under test
  @OnStreamMessage(Chat) async promised(_session: StreamSession, _message: Chat): Promise<any> {
    return undefined;
  }

  // @ts-expect-error hides its items
  // oxlint-disable-next-line no-explicit-any -- the type under test
  @OnStreamMessage(Chat) anyList(_session: StreamSession, _message: Chat): any[] {
    return [];
  }

  // @ts-expect-error hides its items
  // oxlint-disable-next-line no-explicit-any -- the type under test
  @OnStreamMessage(Chat) async *anyItems(_session: StreamSession, _message: Chat): AsyncGenerator<any> {}

  // @ts-expect-error returns a class that is not a message
  @OnStreamMessage(Chat) unmarkedResult(_session: StreamSession, _message: Chat): Unmarked | undefined {
    return undefined;
  }

  // @ts-expect-error a list has messages only
  @OnStreamMessage(Chat) holes(_session: StreamSession, _message: Chat): Array<Chat | undefined> {
    return [undefined];
  }

  // @ts-expect-error brings no messages
  @OnStreamMessage(Chat) async *texts(_session: StreamSession, message: Chat): AsyncGenerator<string> {
    yield message.text;
  }

  // @ts-expect-error brings no messages
  @OnStreamMessage(Chat) observed(_session: StreamSession, _message: Chat): Observable<number> {
    throw new Error('only compiled');
  }

  // @ts-expect-error returns the subscription, which is no message
  @OnStreamOpened() subscribed(session: StreamSession<Chat>) {
    return session.subscribe('plain');
  }

  // @ts-expect-error takes something, but no session
  @OnStreamOpened() opened(_user: User): void {}

  // @ts-expect-error takes something, but no session
  @OnStreamClosed() closed(_reason: SessionCloseReason): void {}
}

// @ts-expect-error there is no such option
@StreamEndpoint('options', { requireSignIn: true })
export class OptionsEndpoint {}

export class Parameters {
  @OnStreamMessage(Chat) ok(
    _session: StreamSession,
    _message: Chat,
    // @ts-expect-error not a class
    @UserObject('x') _typist: Typist,
    @StreamMessageId() _id: string | undefined,
  ): void {}
}

/** The types hide the members that only the server calls. */
export function hidden(session: StreamSession<Chat, User>): void {
  // @ts-expect-error the server ends a session
  session.end(new SessionCloseReason('x', 'y'));
  // @ts-expect-error the server moves a session to another identity
  session.adopt({});
  // @ts-expect-error the server compares identities
  session.belongsTo({});
  // @ts-expect-error the server stores user objects
  session.userObjects.clear();
  // @ts-expect-error the subject of resume tokens stays in the server
  session.holder.toUpperCase();
  // @ts-expect-error the key of the stream stays in the server
  session.stream.toUpperCase();
  // @ts-expect-error the server reports a change of the user
  session.presence.userChanged();
  // @ts-expect-error the server replaces the credential
  session.handshake.withToken(null);
  // @ts-expect-error the server creates sessions
  new StreamSession();
}
