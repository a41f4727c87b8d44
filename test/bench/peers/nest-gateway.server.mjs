import 'reflect-metadata';
import { Module, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { decorate } from '../../rig/decorate.mjs';
import { Note } from './note.class.mjs';

class EchoGateway {
  note(note) {
    return { event: 'note', data: note };
  }
}

class ReplyGateway {
  note({ id, priority }) {
    return { event: 'note', data: { id, priority } };
  }
}

class FanOutGateway {
  /** @type {any} */
  server;

  note(note) {
    const text = JSON.stringify({ event: 'note', data: note });
    for (const client of this.server.clients) client.send(text);
  }
}

for (const gateway of [EchoGateway, ReplyGateway, FanOutGateway]) {
  decorate(gateway, {
    decorators: [WebSocketGateway({ perMessageDeflate: false })],
    properties: { server: [Object, WebSocketServer()] },
    methods: {
      note: { decorators: [SubscribeMessage('note')], takes: [Note], parameters: { 0: MessageBody() } },
    },
  });
}

const gateways = { echo: EchoGateway, reply: ReplyGateway, idle: EchoGateway, 'fan-out': FanOutGateway };

/** @param {import('./index.mjs').Setup} setup */
export async function serve({ kind, validates }) {
  class BenchModule {}
  decorate(BenchModule, { decorators: [Module({ providers: [gateways[kind]] })] });
  const app = await NestFactory.create(BenchModule, { logger: ['error'] });
  app.useWebSocketAdapter(new WsAdapter(app));
  if (validates) app.useGlobalPipes(new ValidationPipe({ transform: true }));
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer().address().port;
}
