// The server that `channel-leave.mjs` measures: each client listens to a number of channels of its own.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsInt } from 'class-validator';
import { defineChannel } from '@nestwire/messages';
import { StreamMessage } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  StreamEndpoint,
  StreamSession,
  StreamsModule,
  StreamsService,
} from '@nestwire/streams';
import { answerParent } from '../rig/child.mjs';
import { decorate } from '../rig/decorate.mjs';
import { TurnMeter } from './turn-meter.mjs';
import { runGc } from '../rig/run-gc.mjs';

const Follow = decorate(class Follow {}, {
  decorators: [StreamMessage('leave.follow')],
  properties: { first: [Number, IsInt()], count: [Number, IsInt()] },
});

const own = defineChannel('own', { messages: [Follow], latest: true });
const ephemeral = defineChannel('loose', { messages: [Follow] });
const meter = new TurnMeter();
let closed = 0;
let kinds;
let app;

const LeaveEndpoint = decorate(
  class LeaveEndpoint {
    async follow(session, { first, count }) {
      const joining = [];
      for (let n = first; n < first + count; n++) {
        const channel = (kinds === 'latest' ? own : ephemeral)(`${session.id}.${n}`);
        joining.push(session.subscribe(channel));
        joining.push(session.messages.addListener(channel, () => undefined));
      }
      await Promise.all(joining);
    }

    closed() {
      closed++;
    }
  },
  {
    decorators: [StreamEndpoint('leave', { open: 'on-connect' })],
    methods: {
      follow: { decorators: [OnStreamMessage(Follow)], takes: [StreamSession, Follow] },
      closed: { decorators: [OnStreamClosed()], takes: [StreamSession] },
    },
  },
);

answerParent({
  start: async ({ redis, clients, channels, kind }) => {
    kinds = kind;
    const limits = {
      maxSubscriptions: channels,
      maxPayloadBytes: 1_048_576,
      maxConnectionsPerAddress: clients,
      connectsPerSecond: 1_000,
      connectsPerSecondPerAddress: 1_000,
      maxHandshakesPerAddress: clients,
    };
    class AppModule {}
    Module({ imports: [StreamsModule.forRoot({ redis, limits, origins: '*' })], providers: [LeaveEndpoint] })(
      AppModule,
    );
    app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
    await app.listen(0, '127.0.0.1');
    return { port: app.getHttpServer().address().port };
  },
  beginLeaving: () => {
    meter.start();
    closed = 0;
  },
  turns: () => meter.stop(),
  counts: () => ({
    closed,
    channels: app.get(StreamsService).counters().channels,
  }),
  memory: () => {
    runGc();
    return process.memoryUsage().heapUsed;
  },
});
