import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsInt } from 'class-validator';
import { MessagesService } from '@nestwire/messages';
import { StreamMessage } from '@nestwire/protocol';
import {
  InjectStreamSession,
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionScoped,
  StreamEndpoint,
  StreamSession,
  StreamsModule,
  UserObject,
} from '@nestwire/streams';
import { decorate } from '../rig/decorate.mjs';
import { Lives } from './lives.mjs';

export const ROOM = 'soak.room';
const STATE_ITEMS = 500;

/** A message that creates the state of a session. */
export const Begin = decorate(class Begin {}, {
  decorators: [StreamMessage('soak.begin')],
  properties: { n: [Number, IsInt()] },
});

/** The innermost of three providers that each session has of its own. */
class Ledger {
  constructor(lives) {
    this.lives = lives;
    lives.made('Ledger', this);
  }

  [Symbol.dispose]() {
    this.lives.disposed('Ledger');
  }
}
decorate(Ledger, { decorators: [SessionScoped()], inject: [Lives] });

class Cart {
  constructor(ledger, lives) {
    this.ledger = ledger;
    this.lives = lives;
    lives.made('Cart', this);
  }

  async [Symbol.asyncDispose]() {
    this.lives.disposed('Cart');
  }
}
decorate(Cart, { decorators: [SessionScoped()], inject: [Ledger, Lives] });

class Visit {
  constructor(session, cart, lives) {
    this.session = session;
    this.cart = cart;
    this.lives = lives;
    lives.made('Visit', this);
    lives.made('StreamSession', session);
  }

  onSessionClosed() {
    this.lives.disposed('Visit');
  }
}
decorate(Visit, {
  decorators: [SessionScoped()],
  inject: [StreamSession, Cart, Lives],
  injectBy: { 0: InjectStreamSession() },
});

/** A user object made by hand, of a size that a leak would show. */
class Basket {
  items = Array.from({ length: STATE_ITEMS }, (_, index) => index + 0.5);
}

class SoakEndpoint {
  constructor(lives) {
    this.lives = lives;
  }

  async opened(session, visit) {
    this.lives.opened++;
    await this.listen(session, ROOM);
    visit.openedAt = performance.now();
  }

  async begin(session, { n }, visit) {
    const basket = new Basket();
    this.lives.made('Basket', basket);
    session.setUserObject(basket);
    visit.basket = basket;
    await this.listen(session, `soak.own.${n}`);
  }

  closed(session) {
    this.lives.closed++;
    session.getUserObject();
  }

  async listen(session, channel) {
    const listener = () => void this.lives.heard++;
    this.lives.made('listener', listener);
    await session.messages.addListener(channel, listener);
    await session.subscribe(channel);
  }
}

const endpointMethods = {
  opened: {
    decorators: [OnStreamOpened()],
    takes: [StreamSession, Visit],
    parameters: { 1: UserObject() },
  },
  begin: {
    decorators: [OnStreamMessage(Begin)],
    takes: [StreamSession, Begin, Visit],
    parameters: { 2: UserObject() },
  },
  closed: { decorators: [OnStreamClosed()], takes: [StreamSession] },
};
decorate(SoakEndpoint, {
  decorators: [StreamEndpoint('soak')],
  inject: [Lives],
  methods: endpointMethods,
});

/** The negative control: listens past the session, and keeps what belongs to it. */
class LeakyEndpoint extends SoakEndpoint {
  kept = [];

  constructor(lives, messages) {
    super(lives);
    this.messages = messages;
  }

  async opened(session, visit) {
    await super.opened(session, visit);
    this.kept.push(visit);
    await this.messages.addListener(ROOM, () => void this.lives.heard++);
  }

  // Decorators mark the functions themselves, so these need to be its own.
  begin(session, message, visit) {
    return super.begin(session, message, visit);
  }

  closed(session) {
    super.closed(session);
  }
}
decorate(LeakyEndpoint, {
  decorators: [StreamEndpoint('soak')],
  inject: [Lives, MessagesService],
  methods: endpointMethods,
});

decorate(Lives, { decorators: [Injectable()] });

const UNLIMITED = 1e9;

/**
 * Starts the application on a free port.
 *
 * @param {{ redis?: string, isLeaky?: boolean }} options
 */
export async function startSoakApp({ redis, isLeaky }) {
  class SoakModule {}
  decorate(SoakModule, {
    decorators: [
      Module({
        imports: [
          StreamsModule.forRoot({ redis, trustProxy: false, limits: { connectsPerSecond: UNLIMITED } }),
        ],
        providers: [isLeaky ? LeakyEndpoint : SoakEndpoint, Visit, Cart, Ledger, Lives],
      }),
    ],
  });
  const app = await NestFactory.create(SoakModule, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  return app;
}
