import type { Type } from '@nestjs/common';
import type { MessageClass } from '@nestwire/protocol';
import type { HandlerParameter } from '../enhancers/handler-parameter.js';
import type { ProviderWrapper } from '../enhancers/nest-compat.js';
import type { CallMark, EndpointMark, HandlerMark } from './endpoint-metadata.js';

/** A provider that is an endpoint. */
export interface FoundEndpoint {
  readonly cls: Type;
  readonly mark: EndpointMark;
  readonly wrapper: ProviderWrapper;
}

/** A decorated method of an endpoint. */
export interface HandlerDefinition {
  readonly method: string;
  readonly mark: HandlerMark;
  readonly parameters: readonly HandlerParameter[];
}

/** A message class and the method that handles it. */
export interface MessageRoute {
  readonly cls: MessageClass;
  readonly handler: HandlerDefinition;
}

/** A stream method. */
export interface CallDefinition {
  readonly handler: HandlerDefinition;
  readonly request: MessageClass;
  /** The classes of the client's items; empty without items. */
  readonly items: readonly MessageClass[];
  readonly mark: CallMark;
}

/** The facts about an endpoint that are necessary to run it. */
export interface EndpointDefinition extends FoundEndpoint {
  /** All decorated methods, in the order of the class. */
  readonly handlers: readonly HandlerDefinition[];
  readonly opened?: HandlerDefinition;
  readonly closed?: HandlerDefinition;
  /** The handlers by the name of their message. */
  readonly routes: ReadonlyMap<string, MessageRoute>;
  /** The stream methods by their names. */
  readonly calls: ReadonlyMap<string, CallDefinition>;
}

/** Returns the name of the module that provides an endpoint, for errors. */
export function moduleNameOf(wrapper: ProviderWrapper): string {
  return wrapper.host?.name ?? 'unknown module';
}
