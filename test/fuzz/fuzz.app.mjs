// The application that is fuzzed: anonymous clients and members, channels of each delivery class, handlers
// that fail, delay, leave, unsubscribe and ask back; methods of each shape of a call.
import 'reflect-metadata';
import { HttpException, Injectable, UnauthorizedException } from '@nestjs/common';
import { defineChannel } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  CallItems,
  ChannelSnapshot,
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamCall,
  StreamEndpoint,
  StreamMethod,
  StreamSession,
} from '@nestwire/streams';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsEmail,
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decorate } from '../rig/decorate.mjs';

/** The time for a response, short so that some come too late. */
const RESPONSE_MS = 40;
/** More than the servers of the fuzzer permit in one session. */
const CROWD = 20;

/** The users that the authenticator knows; any other token is refused. */
export const USERS = ['ada', 'bob', 'cyn'];

/** A message of a channel; `owner` is empty where everybody may read it. */
export const Post = decorate(class Post {}, {
  decorators: [StreamMessage('fuzz.post')],
  properties: {
    kind: [String, IsString()],
    owner: [String, IsString()],
    number: [Number, IsInt()],
    padding: [String, IsString()],
  },
});

/** The state of a channel with a snapshot. */
export const Board = decorate(class Board {}, {
  decorators: [StreamMessage('fuzz.board')],
  properties: { name: [String, IsString()] },
});

class Item {}
decorate(Item, { properties: { sku: [String, IsString(), MaxLength(16)], count: [Number, IsInt()] } });

/** A message to an endpoint; `how` says what its handler does. */
export const Say = decorate(class Say {}, {
  decorators: [StreamMessage('fuzz.say')],
  properties: {
    how: [String, IsString(), MaxLength(16)],
    text: [String, IsString(), MaxLength(4_000)],
    email: [String, IsOptional(), IsEmail()],
    items: [
      Array,
      IsOptional(),
      IsArray(),
      ArrayMaxSize(20),
      ValidateNested({ each: true }),
      Type(() => Item),
    ],
  },
});

/** The answer to a message: names the user that the server took the sender for. */
export const Heard = decorate(class Heard {}, {
  decorators: [StreamMessage('fuzz.heard')],
  properties: { owner: [String, IsString()], text: [String, IsString()] },
});

/** A message in its third version, which the former ones become. */
export const Memo = decorate(class Memo {}, {
  decorators: [
    StreamMessage('fuzz.memo', {
      version: 3,
      upcast: ({ line, ...rest }, version) => ({ ...rest, text: `${line} of ${version}` }),
    }),
  ],
  properties: { text: [String, IsString(), MaxLength(4_000)] },
});

/** The parameters of a stream of which a client may have many. */
class RoomParams {}
decorate(RoomParams, { properties: { room: [String, IsString(), MaxLength(16)] } });

const history = { messages: 50, ageMs: 600_000 };

/** The channels of the application: one of each delivery class, and an inbox for each user. */
export const CHANNELS = {
  inbox: defineChannel('inbox', { messages: [Post], history }),
  room: defineChannel('room', { messages: [Post], history }),
  pulse: defineChannel('pulse', { messages: [Post], latest: true }),
  board: defineChannel('board', { messages: [Post], history, snapshot: [Board] }),
  noise: defineChannel('noise', { messages: [Post] }),
};

/** Knows three users by their names, takes a few turns, and fails for some tokens. */
export class Users extends StreamAuthenticator {
  async authenticate({ token }) {
    if (token === null) return null;
    for (let turn = 0; turn < token.length % 4; turn++) await nextTurn();
    if (token === 'broken') throw new Error('The directory is away.');
    if (token === 'forbidden') throw new UnauthorizedException();
    return USERS.includes(token) ? { id: token } : null;
  }
}
decorate(Users, { decorators: [Injectable()] });

/** The handlers of both endpoints. */
class Talk {
  #inboxes = new WeakMap();

  async opened(session) {
    await session.subscribe(CHANNELS.room('all'));
    await session.subscribe(CHANNELS.pulse('all'));
    await session.subscribe(CHANNELS.noise('all'));
    if (session.user) this.#inboxes.set(session, await session.subscribe(CHANNELS.inbox(session.user.id)));
  }

  async say(session, { how, text }) {
    if (how === 'late') for (let turn = 0; turn < 3; turn++) await nextTurn();
    if (how === 'throw') throw new Error('as the message asks');
    if (how === 'refuse') throw new HttpException({ message: 'refused', text }, 409);
    if (how === 'leave') void session.close();
    if (how === 'kick') this.#inboxes.get(session)?.remove();
    if (how === 'board') await session.subscribe(CHANNELS.board('all'));
    if (how === 'present') await session.presence.join('lobby');
    if (how === 'ask') void this.#ask(session, text);
    if (how === 'join') for (let n = 0; n < CROWD; n++) await session.presence.join(`lobby-${n}`);
    if (how === 'many') for (let n = 0; n < CROWD; n++) await session.subscribe(CHANNELS.noise(n));
    return heardBy(session, text);
  }

  memo(session, { text }) {
    return heardBy(session, text);
  }

  add({ session }, { text }) {
    return heardBy(session, text);
  }

  async *count({ session, signal }, { text }) {
    for (let n = 0; n < CROWD && !signal.aborted; n++) {
      await nextTurn();
      yield heardBy(session, `${text} ${n}`);
    }
  }

  async gather({ session }, { text }, items) {
    let count = 0;
    for await (const _ of items) count++;
    return heardBy(session, `${text} ${count}`);
  }

  async *echo({ session }, { how }, items) {
    for await (const { text } of items) {
      if (how === 'leave') return;
      yield heardBy(session, text);
    }
  }

  /** Asks the client, and tells it what its response was. */
  async #ask(session, text) {
    try {
      const reply = await session.request(create(Say, { how: '', text }), {
        reply: Heard,
        timeoutMs: RESPONSE_MS,
      });
      await session.sendStreamMessage(heardBy(session, `responded ${reply.text}`));
    } catch {
      // The client did not respond, or refused, or is gone.
    }
  }

  board({ name }) {
    return create(Board, { name });
  }
}

function heardBy(session, text) {
  return create(Heard, { owner: session.user?.id ?? '', text });
}

/** Subscribes every session to the inbox of another user: the fault that the judge has to see. */
class LeakyTalk extends Talk {
  async opened(session) {
    await super.opened(session);
    await session.subscribe(CHANNELS.inbox('ada'));
  }
}

/**
 * Defines the endpoints: `talk` for everybody, `members` for those who have signed in, `room` with parameters.
 *
 * @param {string} [flaw] `leak` subscribes sessions to the inbox of another user
 */
export function defineEndpoints(flaw) {
  const Base = flaw === 'leak' ? LeakyTalk : Talk;
  class TalkEndpoint extends Base {
    opened(session) {
      return super.opened(session);
    }
    say(session, message) {
      return super.say(session, message);
    }
    board(channel) {
      return super.board(channel);
    }
    memo(session, message) {
      return super.memo(session, message);
    }
    add(call, request) {
      return super.add(call, request);
    }
    count(call, request) {
      return super.count(call, request);
    }
    tell(call, request) {
      return super.count(call, request);
    }
    gather(call, request, items) {
      return super.gather(call, request, items);
    }
    echo(call, request, items) {
      return super.echo(call, request, items);
    }
  }
  class RoomEndpoint {
    say(session, { text }) {
      return heardBy(session, text);
    }
  }
  class MembersEndpoint extends Base {
    opened(session) {
      return super.opened(session);
    }
    say(session, message) {
      return super.say(session, message);
    }
  }
  const methods = {
    opened: { decorators: [OnStreamOpened()], takes: [StreamSession] },
    say: { decorators: [OnStreamMessage(Say)], takes: [StreamSession, Say] },
  };
  decorate(TalkEndpoint, {
    decorators: [StreamEndpoint('talk')],
    methods: {
      ...methods,
      board: { decorators: [ChannelSnapshot(CHANNELS.board)] },
      memo: { decorators: [OnStreamMessage(Memo)], takes: [StreamSession, Memo] },
      add: { decorators: [StreamMethod(Say)], takes: [StreamCall, Say] },
      count: { decorators: [StreamMethod(Say)], takes: [StreamCall, Say] },
      tell: { decorators: [StreamMethod(Say, { resumable: { forMs: 500 } })], takes: [StreamCall, Say] },
      gather: { decorators: [StreamMethod(Say, { items: Memo })], takes: [StreamCall, Say, CallItems] },
      echo: { decorators: [StreamMethod(Say, { items: Memo })], takes: [StreamCall, Say, CallItems] },
    },
  });
  decorate(RoomEndpoint, {
    decorators: [StreamEndpoint('room', { params: RoomParams })],
    methods: { say: methods.say },
  });
  decorate(MembersEndpoint, {
    decorators: [StreamEndpoint('members', { requireLogin: true })],
    methods,
  });
  return [TalkEndpoint, MembersEndpoint, RoomEndpoint];
}
