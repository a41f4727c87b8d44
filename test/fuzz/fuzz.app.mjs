// The application that is fuzzed: anonymous clients and members, channels of each delivery class, handlers
// that fail, delay, leave and unsubscribe.
import 'reflect-metadata';
import { HttpException, Injectable, UnauthorizedException } from '@nestjs/common';
import { defineChannel } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  ChannelSnapshot,
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
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
    return create(Heard, { owner: session.user?.id ?? '', text });
  }

  board({ name }) {
    return create(Board, { name });
  }
}

/** Subscribes every session to the inbox of another user: the fault that the judge has to see. */
class LeakyTalk extends Talk {
  async opened(session) {
    await super.opened(session);
    await session.subscribe(CHANNELS.inbox('ada'));
  }
}

/**
 * Defines the endpoints: `talk` for everybody, `members` for those who have signed in.
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
    methods: { ...methods, board: { decorators: [ChannelSnapshot(CHANNELS.board)] } },
  });
  decorate(MembersEndpoint, {
    decorators: [StreamEndpoint('members', { requireLogin: true })],
    methods,
  });
  return [TalkEndpoint, MembersEndpoint];
}
