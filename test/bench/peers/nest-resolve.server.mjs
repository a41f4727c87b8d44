import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { ContextIdFactory, ModuleRef, NestFactory } from '@nestjs/core';
import { WebSocketServer } from 'ws';
import { decorate } from '../../rig/decorate.mjs';
import { isWhole, TREE, Visit } from './session-tree.mjs';

const READY = '{"event":"ready"}';

class BenchModule {}

decorate(BenchModule, { decorators: [Module({ providers: TREE })] });

/** Serves churn: a bare ws server that asks Nest for each connection's objects. */
export async function serve() {
  const app = await NestFactory.create(BenchModule, { logger: ['error'] });
  const moduleRef = app.get(ModuleRef);
  const server = new WebSocketServer({ server: app.getHttpServer(), perMessageDeflate: false });
  server.on('connection', (/** @type {any} */ socket) => {
    // Nest forgets the objects with the context.
    const contextId = ContextIdFactory.create();
    socket.on('message', () => void open(socket, moduleRef.resolve(Visit, contextId)));
    socket.on('close', () => (socket.visit = undefined));
  });
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer().address().port;
}

async function open(socket, resolved) {
  socket.visit = await resolved;
  if (!isWhole(socket.visit)) throw new Error('The connection lacks its objects.');
  socket.send(READY);
}
