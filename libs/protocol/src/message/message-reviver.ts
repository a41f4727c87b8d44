import { processRegistry } from './process-registry.js';
import type { MessageClass } from './message-class.js';
import type { MessageTransformer } from './message-transformer.js';

/** Replaces the default transformer in the whole process. */
export function useMessageTransformer(transformer: MessageTransformer): void {
  processRegistry.transformer = transformer;
}

/** Makes an instance of a message class from decoded properties. */
export function reviveMessage<T extends object>(
  cls: MessageClass & (new (...args: never[]) => T),
  properties: Record<string, unknown>,
): T {
  const { transformer } = processRegistry;
  return transformer ? transformer.toInstance<T>(cls, properties) : Object.assign(new cls() as T, properties);
}

/** Returns the properties of a message to send. */
export function propertiesOf(message: object): object {
  return processRegistry.transformer?.toProperties(message) ?? message;
}
