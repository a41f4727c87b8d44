import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Module, type INestApplication, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebSocket } from 'ws';
import type { AnyStreamClient, WebSocketClass } from '@nestwire/client';
import { MessagesService } from '@nestwire/messages';
import { CodedError } from '@nestwire/protocol';
import { StreamsModule, StreamsService, type StreamsModuleOptions } from '@nestwire/streams';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';

/** An application that listens, and what tests look at in it. */
export interface RunningApp {
  readonly app: INestApplication;
  readonly port: number;
  readonly streams: StreamsService;
  readonly messages: MessagesService;
  get<T>(type: Type<T>): T;
}

/** The parts of an application besides the module of streams. */
export interface AppParts extends ModuleMetadata {
  readonly options?: StreamsModuleOptions;
  readonly platform?: 'express' | 'fastify';
  /** Nest's option: ends HTTP connections at the shutdown. */
  readonly forceCloseConnections?: boolean;
  /** Runs before the application listens, as `main.ts` would. */
  readonly prepare?: (app: INestApplication) => void;
}

const apps = new Set<INestApplication>();
const clients = new Set<AnyStreamClient>();

/** Starts an application with streams on a free port; `stopAll` ends it. */
export async function startApp({ options, ...parts }: AppParts): Promise<RunningApp> {
  const limits = { closeTimeoutMs: 300, connectsPerSecond: 2_000, ...options?.limits };
  const shutdown = { deadlineMs: 400, closeListener: 'last' as const, ...options?.shutdown };
  return listen({
    ...parts,
    imports: [
      ...(parts.imports ?? []),
      StreamsModule.forRoot({ trustProxy: false, ...options, limits, shutdown }),
    ],
  });
}

/** Starts an application whose imports hold the module of streams. */
export async function listen({
  platform,
  forceCloseConnections = false,
  prepare,
  ...metadata
}: Omit<AppParts, 'options'>): Promise<RunningApp> {
  @Module(metadata)
  class AppModule {}

  const settings = { logger: false as const, forceCloseConnections };
  const app =
    platform === 'fastify'
      ? await NestFactory.create(AppModule, await fastifyAdapter(), settings)
      : await NestFactory.create(AppModule, settings);
  apps.add(app);
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  return {
    app,
    port: (app.getHttpServer().address() as AddressInfo).port,
    streams: app.get(StreamsService),
    messages: app.get(MessagesService, { strict: false }),
    get: (type) => app.get(type, { strict: false }),
  };
}

/** Loads Fastify where it is asked for: its modules would take a part of the time of every spec. */
async function fastifyAdapter() {
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return new FastifyAdapter();
}

/** The options of a client of this application, quick to come back. */
export function towards({ port }: Pick<RunningApp, 'port'>, path = '/streams') {
  return {
    url: `ws://127.0.0.1:${port}${path}`,
    webSocket: WebSocket as unknown as WebSocketClass,
    minRetryMs: 10,
    maxRetryMs: 50,
    timeoutMs: 15_000,
    onWarning: () => undefined,
  };
}

/** Connects a client, which `stopAll` closes. */
export async function connected<C extends AnyStreamClient>(client: C): Promise<C> {
  await tracked(client).connectWebSocket();
  return client;
}

/** Notes a client, which `stopAll` closes. */
export function tracked<C extends AnyStreamClient>(client: C): C {
  clients.add(client);
  return client;
}

/** Ends all clients, sockets and applications of a test. */
export async function stopAll(): Promise<void> {
  await Promise.all([...clients].map((client) => client.close()));
  RawSocket.destroyAllBut();
  await Promise.all([...apps].map((app) => app.close()));
  clients.clear();
  apps.clear();
}

/** Reads a stream in the background; the array grows as messages come. */
export function collect<T>(stream: AsyncIterable<T>): T[] {
  const all: T[] = [];
  void (async () => {
    for await (const message of stream) all.push(message);
  })().catch(() => undefined);
  return all;
}

/** Resolves with what a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<CodedError> {
  return promise.then(
    () => {
      throw new Error('This was expected to fail.');
    },
    (error: unknown) => error as CodedError,
  );
}

/** Waits until nothing of any connection is left in the application. */
export async function untilNothingIsLeft({ streams }: RunningApp): Promise<void> {
  await until(() => {
    const { connections, sessions, channels, handshakes } = streams.counters();
    return connections + sessions + channels + handshakes === 0;
  });
}

/** A promise that a test settles. */
export class Latch {
  private readonly waiting: Array<() => void> = [];
  private isOpen = false;

  /** How many wait. */
  get size(): number {
    return this.waiting.length;
  }

  pass(): Promise<void> {
    return this.isOpen ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  open(): void {
    this.isOpen = true;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
