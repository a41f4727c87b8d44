import { Module, type ModuleMetadata } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import { ENDPOINT_PROVIDERS } from '../../libs/streams/src/endpoint/endpoint-providers.js';
import { EndpointRegistry, type Handlers } from '../../libs/streams/src/endpoint/endpoint-registry.js';
import type { AnySession } from '../../libs/streams/src/enhancers/stream-context.js';
import { SessionCloseReason } from '../../libs/streams/src/session/session-close-reason.js';
import { ResumingChannels } from '../../libs/streams/src/subscriptions/resuming-channels.js';
import { StreamHandshake } from '../../libs/streams/src/transport/stream-handshake.js';
import { ServerSession, type SessionPort } from '../../libs/streams/src/session/server-session.js';
import { StreamSession } from '../../libs/streams/src/session/stream-session.js';

/** The part of the streams module that endpoints need, without a server. */
@Module({})
class EndpointsModule {}

const endpoints = {
  module: EndpointsModule,
  global: true,
  imports: [DiscoveryModule],
  providers: ENDPOINT_PROVIDERS,
  exports: [StreamSession],
};

const silent = { log: ignore, error: ignore, warn: ignore };

function ignore(): void {}

/** An application with endpoints, and no server. */
export interface EndpointApp {
  readonly module: TestingModule;
  /** Binds a new session of this user to an endpoint. */
  bind(name: string, user?: unknown): Promise<BoundSession>;
}

/** A session, and the handlers that it was bound to. */
export interface BoundSession {
  readonly session: AnySession;
  readonly handlers: Handlers;
}

export const closedByClient = new SessionCloseReason('closed-by-client', 'The client closed the stream.');

/** Boots an application; `prepare` may override providers or add enhancers before it starts. */
export async function bootEndpoints(
  metadata: ModuleMetadata,
  prepare: (builder: TestingModuleBuilder) => TestingModuleBuilder = (builder) => builder,
): Promise<EndpointApp> {
  const builder = Test.createTestingModule({
    ...metadata,
    imports: [endpoints, ...(metadata.imports ?? [])],
  });
  const module = await prepare(builder).setLogger(silent).compile();
  await module.init();
  return {
    module,
    bind: async (name, user = null) => {
      const session = sessionOf(name, user);
      return { session, handlers: await module.get(EndpointRegistry).get(name)!.bind(session) };
    },
  };
}

let sessions = 0;

/** Makes a session of an endpoint that sends nowhere. */
export function sessionOf(endpoint: string, user: unknown = null): AnySession {
  const handshake = new StreamHandshake(null, { host: 'localhost' }, {}, '127.0.0.1', 'rig');
  const identity = { user, handshake, holder: 'client:rig' };
  const port: SessionPort = {
    clientName: 'rig',
    presence: undefined as never,
    limits: { maxSubscriptions: 0 },
    send: () => Promise.resolve(),
    subscribe: () => Promise.reject(new Error('There are no channels here.')),
    request: () => Promise.reject(new Error('There is no client here.')),
    resuming: () => new ResumingChannels({ names: () => [], release: () => undefined }),
    endSession: () => Promise.resolve(),
  };
  const address = { id: `s${++sessions}`, endpoint, stream: endpoint, paramsText: '' };
  return new ServerSession(address, port, { identity, messages: undefined as never });
}
