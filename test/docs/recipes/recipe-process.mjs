// A server and a client of one recipe. Its packages are CommonJS that requires Nest, which Jest cannot load.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createStreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import { StreamAuthenticator, StreamsModule } from '@nestwire/streams';
import { answerParent } from '../../rig/child.mjs';

const { imports, providers, ...recipe } = await import(process.env.RECIPE ?? '');

class Users extends StreamAuthenticator {
  /** @param {{ token: string | null }} handshake */
  authenticate({ token }) {
    return token === null ? null : { id: token };
  }
}

class AppModule {}
Module({
  imports: [...imports, StreamsModule.forRoot({ authenticator: Users, trustProxy: false })],
  providers,
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();

/** @type {any[]} */
const clients = [];

answerParent({
  connect: async ({ as, messages, endpoint }) => {
    const client = /** @type {any} */ (
      createStreamClient()({
        url: `ws://127.0.0.1:${port}/streams`,
        messages: messages.map((/** @type {string} */ name) => recipe[name]),
        auth: () => as,
      })
    );
    const stream = client[endpoint].stream[Symbol.asyncIterator]();
    await client.connectWebSocket();
    return clients.push({ endpoint: client[endpoint], stream }) - 1;
  },
  send: ({ client, name, properties }) =>
    clients[client].endpoint.sendStreamMessage(create(recipe[name], properties)).then(
      () => 'answered',
      (/** @type {{ code: string }} */ { code }) => code,
    ),
  call: ({ client, method, name, properties }) =>
    clients[client].endpoint[method](create(recipe[name], properties)).then(
      (/** @type {object} */ reply) => ({ ...reply }),
      (/** @type {{ code: string }} */ { code }) => code,
    ),
  next: async ({ client }) => ({ ...(await clients[client].stream.next()).value }),
  state: ({ provider, property }) => app.get(recipe[provider])[property],
});
