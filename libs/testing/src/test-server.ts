import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { Test, TestingModule } from '@nestjs/testing';
import {
  createStreamClient,
  type AnyStreamClient,
  type CheckedStreams,
  type ConnectionOptions,
  type MessagesOption,
} from '@nestwire/client';
import type { MessageClass } from '@nestwire/protocol';
import { StreamAuthenticator, type StreamUser } from '@nestwire/streams';
import { GivenUsers } from './given-users.js';
import { testClient, type TestClient } from './test-client.js';

/** Options of a test server. */
export interface TestServerOptions {
  /** The path of the streams. @default '/streams' */
  readonly path?: string;
  /** Prepares the application before it starts, for example with global pipes or a logger. */
  readonly prepare?: (app: INestApplication) => void | Promise<void>;
}

/** Options of a test client; the client's own defaults apply. */
export interface ConnectOptions extends Partial<ConnectionOptions> {
  /** The user of the connection, without the application's authenticator; replaces `auth`. */
  readonly as?: StreamUser & Readonly<Record<string, unknown>>;
}

/** Connects a client; resolves when the server has welcomed it. */
export type Connect<S> = (options?: ConnectOptions) => Promise<TestClient<S>>;

/** A Nest application that serves streams on a free port of this machine. */
export class TestServer {
  /** The URL of its streams. */
  readonly url: string;
  private readonly clients = new Set<AnyStreamClient>();
  private readonly sockets: ReadonlySet<Socket>;
  private users?: GivenUsers;

  private constructor(
    readonly app: INestApplication,
    path: string,
    sockets: ReadonlySet<Socket>,
  ) {
    this.sockets = sockets;
    const { port } = app.getHttpServer().address() as AddressInfo;
    this.url = `ws://127.0.0.1:${port}${path}`;
  }

  /** Starts a server from a module, from the metadata of one, or from a compiled testing module. */
  static async start(
    source: Type | ModuleMetadata | TestingModule,
    { path = '/streams', prepare }: TestServerOptions = {},
  ): Promise<TestServer> {
    const app = (await compiled(source)).createNestApplication({ logger: ['error', 'warn'] });
    await prepare?.(app);
    const sockets = trackSockets(app.getHttpServer() as Server);
    await app.listen(0, '127.0.0.1');
    return new TestServer(app, path, sockets);
  }

  /**
   * Makes a function that connects typed clients: `server.clientsOf<AppStreams>()({ messages })`.
   *
   * The clients are closed with the server.
   */
  clientsOf<S extends CheckedStreams<S>>() {
    return <const C extends readonly MessageClass[]>({ messages }: MessagesOption<S, C>): Connect<S> =>
      async ({ as, ...options } = {}) => {
        const auth = as ? this.authFor(as) : options.auth;
        const connecting = { url: this.url, ...options, auth, messages };
        // `never`, because the compiler cannot prove for a generic S that no class is missing.
        const client = createStreamClient<S>()<C>(connecting as never);
        this.clients.add(client);
        await client.connectWebSocket();
        return testClient<S>(client);
      };
  }

  /** Returns a provider of the application from any module. */
  get<T>(token: Type<T> | (abstract new (...args: never[]) => T) | string | symbol): T {
    return this.app.get<T>(token as Type<T>, { strict: false });
  }

  /** Drops all connections, like a failing network; the clients reconnect. */
  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Closes all clients, and then the application. */
  async close(): Promise<void> {
    await Promise.all([...this.clients].map((client) => client.close()));
    await this.app.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private authFor(user: StreamUser): () => string {
    this.users ??= new GivenUsers(this.authenticator());
    const token = this.users.tokenFor(user);
    return () => token;
  }

  private authenticator(): StreamAuthenticator {
    try {
      return this.get(StreamAuthenticator);
    } catch (cause) {
      throw new Error('`as` needs an authenticator. Pass one to StreamsModule.forRoot().', { cause });
    }
  }
}

function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

function compiled(source: Type | ModuleMetadata | TestingModule): TestingModule | Promise<TestingModule> {
  if (source instanceof TestingModule) return source;
  const metadata = typeof source === 'function' ? { imports: [source] } : source;
  return Test.createTestingModule(metadata).compile();
}
