import 'reflect-metadata';
import { Controller, Module, Query, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { from, map } from 'rxjs';
import { decorate } from '../../rig/decorate.mjs';
import { tokensOf } from './tokens.mjs';

class TokensController {
  tokens({ count, perSecond }) {
    const tokens = from(tokensOf({ count: Number(count), perSecond: Number(perSecond) }));
    return tokens.pipe(map((text) => ({ data: { text } })));
  }
}

decorate(TokensController, {
  decorators: [Controller()],
  methods: { tokens: { decorators: [Sse('tokens')], takes: [Object], parameters: { 0: Query() } } },
});

/** Serves tokens as server-sent events, on connections that are kept alive. */
export async function serve() {
  class BenchModule {}
  decorate(BenchModule, { decorators: [Module({ controllers: [TokensController] })] });
  const app = await NestFactory.create(BenchModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  app.getHttpServer().keepAliveTimeout = 3_600_000;
  return app.getHttpServer().address().port;
}
