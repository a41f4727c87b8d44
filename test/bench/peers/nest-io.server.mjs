import 'reflect-metadata';
import { Module, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { decorate } from '../../rig/decorate.mjs';
import { Note } from './note.class.mjs';
import { SOCKET_IO_OPTIONS } from './socket.io.options.mjs';

class EchoGateway {
  note(note) {
    return { event: 'note', data: note };
  }
}

class FanOutGateway {
  /** @type {any} */
  server;

  note(note) {
    this.server.emit('note', note);
  }
}

for (const gateway of [EchoGateway, FanOutGateway]) {
  decorate(gateway, {
    decorators: [WebSocketGateway(SOCKET_IO_OPTIONS)],
    properties: { server: [Object, WebSocketServer()] },
    methods: {
      note: { decorators: [SubscribeMessage('note')], takes: [Note], parameters: { 0: MessageBody() } },
    },
  });
}

const gateways = { echo: EchoGateway, idle: EchoGateway, 'fan-out': FanOutGateway };

/** @param {import('./index.mjs').Setup} setup */
export async function serve({ kind }) {
  class BenchModule {}
  decorate(BenchModule, { decorators: [Module({ providers: [gateways[kind]] })] });
  const app = await NestFactory.create(BenchModule, { logger: ['error'] });
  app.useWebSocketAdapter(new IoAdapter(app));
  app.useGlobalPipes(new ValidationPipe({ transform: true }));
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer().address().port;
}
