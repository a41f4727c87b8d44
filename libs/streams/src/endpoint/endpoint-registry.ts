import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type OnApplicationBootstrap,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import type { MessageClass } from '@nestwire/protocol';
import { MessageReaders, type MessageReader } from '../validation/message-reader.js';
import { NestCompat } from '../enhancers/nest-compat.js';
import { SessionScopes } from '../session/session-scopes.js';
import { BoundEndpoint } from './bound-endpoint.js';
import { contractHash } from './contract-hash.js';
import { classesWithErasedFields } from './message-checks.js';
import { EndpointExplorer } from './endpoint.explorer.js';
import type { Endpoint } from './endpoint.js';
import { completeRouteArguments, declaredClassOf } from './endpoint-metadata.js';
import { MESSAGE_POLICY, type MessagePolicy } from './message-policy.js';
import type { EndpointDefinition } from './endpoint-definition.js';

export type { Endpoint, Handlers, StreamEndpointOptions } from './endpoint.js';

/** The endpoints of the application, by name. */
@Injectable()
export class EndpointRegistry implements OnModuleInit, OnApplicationBootstrap {
  private readonly logger = new Logger('Streams');
  private readonly endpoints = new Map<string, BoundEndpoint>();
  private readonly nest: NestCompat;
  private readonly readers: MessageReaders;
  private definitions: readonly EndpointDefinition[] = [];
  private hash = '';

  constructor(
    private readonly explorer: EndpointExplorer,
    private readonly scopes: SessionScopes,
    external: ExternalContextCreator,
    @Optional() @Inject(MESSAGE_POLICY) { unknownProperties }: MessagePolicy = {},
  ) {
    this.readers = new MessageReaders(declaredClassOf, unknownProperties);
    this.nest = new NestCompat(external);
  }

  /** Returns the endpoint with this name. */
  get(name: string): Endpoint | undefined {
    return this.endpoints.get(name);
  }

  /** Returns the compiled reader of a message class. */
  readerOf(cls: MessageClass): MessageReader {
    return this.readers.of(cls);
  }

  /** The hash of the contract with clients; equal on all servers of one build. */
  get contract(): string {
    return this.hash;
  }

  /** Returns all endpoints. */
  all(): readonly Endpoint[] {
    return [...this.endpoints.values()];
  }

  /**
   * Finds the endpoints.
   *
   * @throws {StreamsConfigurationError} with all mistakes
   */
  async onModuleInit(): Promise<void> {
    const tools = {
      nest: this.nest,
      scopes: this.scopes,
      readers: this.readers,
    };
    const definitions = (this.definitions = await this.explorer.explore());
    this.warnOfErasedFields(definitions);
    for (const definition of definitions) {
      if (!this.nest.hasCreators) completeForPublicPath(definition);
      this.endpoints.set(definition.mark.name, new BoundEndpoint(tools, definition));
    }
  }

  /** Warns in development that the check of message classes does not see all fields. */
  private warnOfErasedFields(definitions: readonly EndpointDefinition[]): void {
    if (process.env.NODE_ENV === 'production') return;
    const seen = new Set<Type>();
    const routes = definitions.flatMap((definition) => [...definition.routes.values()]);
    const calls = definitions.flatMap((definition) => [...definition.calls.values()]);
    const classes = [
      ...routes.map(({ cls }) => cls),
      ...calls.flatMap(({ request, items }) => [request, ...items]),
    ];
    const erased = classes.flatMap((cls) => classesWithErasedFields(cls as Type, seen));
    const [first, ...rest] = erased;
    if (!first) return;
    const others = rest.length ? ` and ${rest.length} more` : '';
    this.logger.warn(
      `The compiler removed fields without a value from ${first.name}${others}, so fields without a decorator ` +
        'are not found at the start; a message with one is refused. To find them at the start, set ' +
        '"useDefineForClassFields": true in tsconfig.json, and with SWC under "jsc.transform" of .swcrc.',
    );
  }

  /** Compiles the handlers; the enhancers that `main.ts` adds are known at this time. */
  onApplicationBootstrap(): void {
    if (!this.nest.hasCreators)
      this.logger.warn(
        'This version of Nest is unknown: handlers run slower, and exception filters do not run.',
      );
    this.hash = contractHash(this.definitions);
    for (const endpoint of this.endpoints.values()) {
      endpoint.compile();
      if (endpoint.isPerSession)
        this.logger.log(
          `Endpoint "${endpoint.name}" has one instance per session, because one of its dependencies is session-scoped.`,
        );
    }
  }
}

function completeForPublicPath({ cls, handlers }: EndpointDefinition): void {
  for (const { method } of handlers) completeRouteArguments(cls, method);
}
