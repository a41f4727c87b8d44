import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { BoardModule } from './board.module.js';

const app = await NestFactory.create(BoardModule, { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
console.log(`Listening at ${await app.getUrl()}`);
