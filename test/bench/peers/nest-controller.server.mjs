import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { decorate } from '../../rig/decorate.mjs';
import { Note } from './note.class.mjs';

class ReplyController {
  receipt({ id, priority }) {
    return { id, priority };
  }
}

decorate(ReplyController, {
  decorators: [Controller()],
  methods: {
    receipt: { decorators: [Post('receipt'), HttpCode(200)], takes: [Note], parameters: { 0: Body() } },
  },
});

/** Serves a controller on Express over HTTP, whose connections are kept alive. */
export async function serve() {
  class BenchModule {}
  decorate(BenchModule, { decorators: [Module({ controllers: [ReplyController] })] });
  const app = await NestFactory.create(BenchModule, { logger: ['error'] });
  app.useGlobalPipes(new ValidationPipe({ transform: true }));
  await app.listen(0, '127.0.0.1');
  app.getHttpServer().keepAliveTimeout = 3_600_000;
  return app.getHttpServer().address().port;
}
