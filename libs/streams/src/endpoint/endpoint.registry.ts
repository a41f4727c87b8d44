import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { MessageReaders } from '../pipeline/message.reader.js';
import { NestCompat } from '../pipeline/nest-compat.js';
import { SessionScopes } from '../scope/session-scopes.js';
import { BoundEndpoint } from './bound-endpoint.js';
import { EndpointExplorer } from './endpoint.explorer.js';
import type { Endpoint } from './endpoint.js';
import { completeRouteArguments, declaredClassOf } from './endpoint.metadata.js';
import type { EndpointDefinition } from './endpoint.definition.js';

export type { Endpoint, Handlers, StreamEndpointOptions } from './endpoint.js';

/** The endpoints of the application, by name. */
@Injectable()
export class EndpointRegistry implements OnModuleInit, OnApplicationBootstrap {
  private readonly logger = new Logger('Streams');
  private readonly endpoints = new Map<string, BoundEndpoint>();
  private readonly nest: NestCompat;

  constructor(
    private readonly explorer: EndpointExplorer,
    private readonly scopes: SessionScopes,
    external: ExternalContextCreator,
  ) {
    this.nest = new NestCompat(external);
  }

  /** Returns the endpoint with this name. */
  get(name: string): Endpoint | undefined {
    return this.endpoints.get(name);
  }

  /** Returns all endpoints. */
  all(): readonly Endpoint[] {
    return [...this.endpoints.values()];
  }

  /**
   * Finds the endpoints.
   *
   * @throws {StreamsConfigurationError} with all mistakes, when there are any
   */
  onModuleInit(): void {
    const tools = {
      nest: this.nest,
      scopes: this.scopes,
      readers: new MessageReaders(declaredClassOf as never),
    };
    for (const definition of this.explorer.explore()) {
      if (!this.nest.hasCreators) completeForPublicPath(definition);
      this.endpoints.set(definition.mark.name, new BoundEndpoint(tools, definition));
    }
  }

  /** Compiles the handlers: the enhancers that `main.ts` adds are known by now. */
  onApplicationBootstrap(): void {
    if (!this.nest.hasCreators)
      this.logger.warn(
        'This version of Nest is not known: handlers run slower, and exception filters do not run.',
      );
    for (const endpoint of this.endpoints.values()) {
      endpoint.compile();
      if (endpoint.isPerSession)
        this.logger.log(
          `Endpoint "${endpoint.name}" is made for each session, because something in it depends on one.`,
        );
    }
  }
}

function completeForPublicPath({ cls, handlers }: EndpointDefinition): void {
  for (const { method } of handlers) completeRouteArguments(cls, method);
}
