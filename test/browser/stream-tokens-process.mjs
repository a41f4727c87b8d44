// A server of docs/stream-tokens.md, which the test can kill. It uses the built packages.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { answerParent } from '../rig/child.mjs';

const { AppModule } = await import(process.env.APP_MODULE ?? '');

answerParent({
  serve: async ({ html }) => {
    const app = await NestFactory.create(AppModule, { logger: false });
    app.getHttpAdapter().get('/', (/** @type {unknown} */ _, /** @type {any} */ answer) => {
      answer.type('html');
      answer.send(html);
    });
    await app.listen(0, '127.0.0.1');
    return app.getHttpServer().address().port;
  },
});
