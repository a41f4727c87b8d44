import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { messageNameOf, type MessageClass } from '@nestwire/protocol';
import type { ProviderWrapper } from '../enhancers/nest-compat.js';
import { checkControllers, checkEndpoints, checkProviders } from './endpoint-checks.js';
import type {
  CallDefinition,
  EndpointDefinition,
  FoundEndpoint,
  HandlerDefinition,
  MessageRoute,
} from './endpoint-definition.js';
import { endpointMarkOf, handlerMarkOf, itemClassesOf, parametersOf } from './endpoint-metadata.js';
import { loadMessageLibraries } from './message-libraries.js';
import { StreamsConfigurationError } from './streams-configuration.error.js';

/** Finds the endpoints of an application and all mistakes in them. */
@Injectable()
export class EndpointExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /**
   * Returns the endpoints of all modules, once the libraries that their messages need are loaded.
   *
   * @throws {StreamsConfigurationError} with all mistakes
   */
  async explore(): Promise<EndpointDefinition[]> {
    const providers = this.discovery.getProviders().filter(({ isAlias }) => !isAlias);
    const definitions = providers
      .flatMap((wrapper) => this.found(wrapper))
      .map((found) => this.define(found));
    // The checks below read the decorators of both libraries.
    const missing = await loadMessageLibraries(definitions);
    if (missing.length) throw new StreamsConfigurationError(missing);
    const problems = [
      ...checkEndpoints(definitions, providers),
      ...checkControllers(this.discovery.getControllers()),
      ...checkProviders(providers, (cls) => this.methodsOf(cls)),
    ];
    if (problems.length) throw new StreamsConfigurationError(problems);
    return definitions;
  }

  private found(wrapper: ProviderWrapper): FoundEndpoint[] {
    const cls = endpointClassOf(wrapper);
    const mark = endpointMarkOf(cls);
    return cls && mark ? [{ cls, mark, wrapper }] : [];
  }

  private define(found: FoundEndpoint): EndpointDefinition {
    const handlers = this.methodsOf(found.cls).flatMap((method) => handlerOf(found.cls, method));
    return {
      ...found,
      handlers,
      opened: handlers.find(({ mark }) => mark.isOpened),
      closed: handlers.find(({ mark }) => mark.isClosed),
      routes: new Map(handlers.flatMap(routesOf)),
      calls: new Map(handlers.flatMap(callsOf)),
    };
  }

  private methodsOf(cls: Type): string[] {
    return this.scanner.getAllMethodNames(cls.prototype as object);
  }
}

/**
 * Returns the endpoint class of a provider.
 *
 * In tests a value may replace the class; then its token decides.
 */
function endpointClassOf(wrapper: ProviderWrapper): Type | undefined {
  const instance = wrapper.instance as object | null;
  const made = wrapper.inject ? instance?.constructor : (wrapper.metatype ?? instance?.constructor);
  const candidates = [made, wrapper.token].filter((cls) => typeof cls === 'function');
  return candidates.find((cls) => endpointMarkOf(cls)) as Type | undefined;
}

function handlerOf(cls: Type, method: string): HandlerDefinition[] {
  const mark = handlerMarkOf((cls.prototype as Record<string, unknown>)[method]);
  return mark ? [{ method, mark, parameters: parametersOf(cls, method) }] : [];
}

function routesOf(handler: HandlerDefinition): Array<[string, MessageRoute]> {
  return (handler.mark.messages ?? []).flatMap((cls) => {
    const name = messageNameOf(cls);
    return name ? [[name, { cls: cls as MessageClass, handler }]] : [];
  });
}

function callsOf(handler: HandlerDefinition): Array<[string, CallDefinition]> {
  const mark = handler.mark.call;
  if (!mark) return [];
  const items = itemClassesOf(mark) as readonly MessageClass[];
  return [[handler.method, { handler, request: mark.request as MessageClass, items, mark }]];
}
