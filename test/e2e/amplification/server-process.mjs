// The server that is attacked, in a process of its own: its CPU, memory and log are its own.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Type } from 'class-transformer';
import {
  IsEmail,
  IsInt,
  IsNumber,
  IsString,
  MaxLength,
  Validate,
  ValidateNested,
  ValidatorConstraint,
} from 'class-validator';
import { defineChannel } from '@nestwire/messages';
import { CodedError, StreamMessage } from '@nestwire/protocol';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  CallItems,
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamCall,
  StreamEndpoint,
  StreamMethod,
  StreamSession,
  StreamsModule,
  StreamsService,
} from '@nestwire/streams';
import { answerParent } from '../../rig/child.mjs';
import { decorate } from '../../rig/decorate.mjs';
import { runGc } from '../../rig/run-gc.mjs';

const SLOW_CHECK_MS = 3;

const Note = decorate(class Note {}, {
  decorators: [StreamMessage('amp.note')],
  properties: { text: [String, IsString(), MaxLength(65_536)] },
});

const Task = decorate(class Task {}, {
  decorators: [StreamMessage('amp.task')],
  properties: { verb: [String, IsString()] },
});

const Once = decorate(class Once {}, {
  decorators: [StreamMessage('amp.once')],
  properties: { count: [Number, IsInt()] },
});

class Item {}
decorate(Item, { properties: { name: [String, IsString()], count: [Number, IsInt()] } });

const Order = decorate(class Order {}, {
  decorators: [StreamMessage('amp.order')],
  properties: { items: [Array, ValidateNested({ each: true }), Type(() => Item)] },
});

const Numbers = decorate(class Numbers {}, {
  decorators: [StreamMessage('amp.numbers')],
  properties: { numbers: [Array, IsNumber({}, { each: true })] },
});

const Contact = decorate(class Contact {}, {
  decorators: [StreamMessage('amp.contact')],
  properties: { email: [String, IsEmail()] },
});

/** A check of the application that takes its time. */
class SlowCheck {
  validate() {
    const endsAt = performance.now() + SLOW_CHECK_MS;
    while (performance.now() < endsAt);
    return false;
  }
}
decorate(SlowCheck, { decorators: [ValidatorConstraint({ name: 'slow' })] });

const Slow = decorate(class Slow {}, {
  decorators: [StreamMessage('amp.slow')],
  properties: { text: [String, Validate(SlowCheck)] },
});

/** A message with many fields, all of which can be wrong at once. */
const FIELDS = Array.from({ length: 30 }, (_, index) => `field${index}`);
const Form = decorate(class Form {}, {
  decorators: [StreamMessage('amp.form')],
  properties: Object.fromEntries(FIELDS.map((field) => [field, [String, IsString(), MaxLength(5)]])),
});

const room = defineChannel('amp-room', { messages: [Note], history: { messages: 100, ageMs: 600_000 } });

const DeskEndpoint = decorate(
  class DeskEndpoint {
    handle() {}

    async take(_call, _task, notes) {
      for await (const _ of notes);
    }

    async work(_session, { verb }) {
      if (verb === 'wait') await new Promise((resolve) => setTimeout(resolve, 20_000).unref());
      if (verb === 'throw') throw new Error('A handler failed.');
      if (verb === 'refuse') throw new CodedError('OUT_OF_STOCK', 'There are none left.');
    }
  },
  {
    decorators: [StreamEndpoint('desk')],
    methods: {
      handle: {
        decorators: [OnStreamMessage(Note, Order, Numbers, Contact, Slow, Form)],
        takes: [StreamSession, Object],
      },
      take: { decorators: [StreamMethod(Task, { items: Note })], takes: [StreamCall, Task, CallItems] },
      work: { decorators: [OnStreamMessage(Task)], takes: [StreamSession, Task] },
    },
  },
);

const OnceEndpoint = decorate(
  class OnceEndpoint {
    handle() {}
  },
  {
    decorators: [StreamEndpoint('once')],
    methods: {
      handle: { decorators: [OnStreamMessage(Once, { once: true })], takes: [StreamSession, Once] },
    },
  },
);

class ShutEndpoint {
  opened() {
    throw new CodedError('FORBIDDEN', 'You may not.');
  }
}
decorate(ShutEndpoint, {
  decorators: [StreamEndpoint('shut')],
  methods: { opened: { decorators: [OnStreamOpened()], takes: [StreamSession] } },
});

const MembersEndpoint = decorate(
  class MembersEndpoint {
    handle() {}
  },
  {
    decorators: [StreamEndpoint('members', { requireLogin: true })],
    methods: { handle: { decorators: [OnStreamMessage(Note)], takes: [StreamSession, Note] } },
  },
);

class RoomEndpoint {
  async opened(session) {
    await session.subscribe(room('a'));
  }
}
decorate(RoomEndpoint, {
  decorators: [StreamEndpoint('room')],
  methods: { opened: { decorators: [OnStreamOpened()], takes: [StreamSession] } },
});

const CHANNELS = 100;

const HallEndpoint = decorate(
  class HallEndpoint {
    async opened(session) {
      for (let index = 0; index < CHANNELS; index++) await session.subscribe(room('hall', index));
    }

    async turn(session) {
      for (let index = 0; index < CHANNELS; index++) (await session.subscribe(`turn:${index}`)).remove();
    }
  },
  {
    decorators: [StreamEndpoint('hall')],
    methods: {
      opened: { decorators: [OnStreamOpened()], takes: [StreamSession] },
      turn: { decorators: [OnStreamMessage(Task)], takes: [StreamSession, Task] },
    },
  },
);

class Users extends StreamAuthenticator {
  async authenticate({ token }) {
    return token === 'ada' ? { id: 'ada' } : null;
  }
}

let app;
let logBytes = 0;
const count = (...parts) => {
  for (const part of parts) logBytes += String(part).length;
};

/** Takes protections away, for negative controls. */
const SABOTAGE = {
  async 'unpaid errors'() {
    const built = import.meta.resolve('@nestwire/streams');
    const { AnswerAllowance } = await import(new URL('connection/outbound/answer-allowance.js', built).href);
    AnswerAllowance.prototype.errorBytes = () => Infinity;
  },
};

answerParent({
  async start({ redis, limits, sabotage }) {
    await SABOTAGE[sabotage]?.();
    class AppModule {}
    decorate(AppModule, {
      decorators: [
        Module({
          imports: [
            StreamsModule.forRoot({
              redis,
              limits: { connectsPerSecond: 1_000, ...limits },
              // Each client has an address of its own, which it keeps when it connects again.
              trustProxy: 1,
              authenticator: Users,
              codecs: [messagePack],
              compression: 'inbound',
            }),
          ],
          providers: [DeskEndpoint, OnceEndpoint, ShutEndpoint, MembersEndpoint, RoomEndpoint, HallEndpoint],
        }),
      ],
    });
    const logger = { log() {}, error: count, warn: count, debug: count, verbose: count, fatal: count };
    app = await NestFactory.create(AppModule, { logger });
    await app.listen(0, '127.0.0.1');
    return { port: app.getHttpServer().address().port };
  },
  /** Returns the use of the process since its start. */
  used() {
    const { user, system } = process.cpuUsage();
    return { now: performance.now(), cpuMs: (user + system) / 1_000, logBytes };
  },
  /** Returns the used memory after all garbage is collected. */
  async retained() {
    for (let left = 3; left > 0; left--) {
      runGc();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { heapUsed, external } = process.memoryUsage();
    return { bytes: heapUsed + external };
  },
  counters() {
    return app.get(StreamsService).counters();
  },
});
