import 'reflect-metadata';
import { Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  StreamAuthenticator,
  StreamEndpoint,
  StreamSession,
  StreamsModule,
} from '@nestwire/streams';
import { decorate } from '../../rig/decorate.mjs';
import { ChurnEndpoint } from './nestwire.churn.mjs';
import { FAN_OUT_ENDPOINTS } from './nestwire.fan-out.mjs';
import { FOLLOW_ENDPOINTS } from './nestwire.follow.mjs';
import { ITEM_ENDPOINTS } from './nestwire.items.mjs';
import { REPLY_ENDPOINTS } from './nestwire.replies.mjs';
import { Note } from './note.class.mjs';
import { TREE } from './session-tree.mjs';

decorate(Note, { decorators: [StreamMessage('bench.note')] });

class Gate {
  canActivate() {
    return true;
  }
}

const EchoEndpoint = decorate(
  class EchoEndpoint {
    note(_session, note) {
      return note;
    }
  },
  {
    decorators: [StreamEndpoint('echo'), UseGuards(Gate)],
    methods: { note: { decorators: [OnStreamMessage(Note)], takes: [StreamSession, Note] } },
  },
);

class EveryToken extends StreamAuthenticator {
  authenticate({ token }) {
    return token && { id: token };
  }
}

decorate(EveryToken, {});

// The rates of what comes in are raised out of the way; everything else is as a user gets it.
const UNLIMITED = 1e12;
const limits = {
  framesPerSecond: UNLIMITED,
  itemsPerSecond: UNLIMITED,
  bytesPerSecond: UNLIMITED,
  connectsPerSecond: UNLIMITED,
  maxConnections: 20_000,
  maxHandshakes: 10_000,
  maxResumableCalls: 10_000,
  // All come from one address, and share what an address may read.
  historyBytesPerSecond: UNLIMITED,
};

// The other peers have no heartbeat, and receivers of a fan-out that says nothing for long are pinged.
const heartbeat = { pingMs: 3_600_000, pongMs: 3_600_000 };

/** @param {import('./index.mjs').Setup} setup every kind alike */
export async function serve({ redisUrl, peer }) {
  // Peers that run beside each other share a Redis, and must not hear each other.
  /** @type {any} */
  const options = {
    authenticator: EveryToken,
    trustProxy: false,
    redis: { connection: redisUrl, prefix: peer },
    limits,
    heartbeat,
  };
  class BenchModule {}
  decorate(BenchModule, {
    decorators: [
      Module({
        imports: [StreamsModule.forRoot(options)],
        providers: [
          EchoEndpoint,
          ChurnEndpoint,
          ...FAN_OUT_ENDPOINTS,
          ...FOLLOW_ENDPOINTS,
          ...REPLY_ENDPOINTS,
          ...ITEM_ENDPOINTS,
          ...TREE,
        ],
      }),
    ],
  });
  const app = await NestFactory.create(BenchModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer().address().port;
}
