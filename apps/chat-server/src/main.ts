import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { settingsOf } from './settings.js';

const PAGE = fileURLToPath(new URL('../../chat-web/dist', import.meta.url));
const port = Number(process.env.PORT ?? 3000);

async function start(): Promise<void> {
  const settings = settingsOf(process.env);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forSettings(settings), {
    logger: ['error', 'warn'],
  });
  app.useStaticAssets(PAGE);
  app.enableShutdownHooks();
  await app.listen(port);
  const { port: bound } = app.getHttpServer().address() as { port: number };
  console.log(`The chat is at http://localhost:${bound}`);
}

start().catch((error: NodeJS.ErrnoException) => {
  const isTaken = error.code === 'EADDRINUSE';
  console.error(isTaken ? `Port ${port} is taken. Choose another: PORT=${port + 1} npm start` : error);
  process.exit(1);
});
