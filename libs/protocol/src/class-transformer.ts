import { instanceToPlain, plainToInstance } from 'class-transformer';
import { useMessageTransformer } from './message/message.reviver.js';
import { messageNameOf } from './message/message.registry.js';

export { Exclude, Expose, Transform, Type } from 'class-transformer';

// Importing this entry is the switch: from here on messages pass through class-transformer.
useMessageTransformer({
  toInstance: (cls, properties) =>
    restore(properties, plainToInstance(cls as new () => object, properties)) as never,
  toProperties: (message) => restore(message, instanceToPlain(message)) as object,
});

/**
 * Puts back what class-transformer does not know: it turns bytes into an object, a `Set` into an
 * array, a `Map` and a nested message into plain objects. What a `@Transform` made stays.
 */
function restore(source: unknown, result: unknown): unknown {
  if (typeof source !== 'object' || source === null || typeof result !== 'object' || result === null)
    return result;
  if (source instanceof Uint8Array) return ArrayBuffer.isView(result) || isPlain(result) ? source : result;
  if (source instanceof Set)
    return Array.isArray(result) ? new Set(restoreItems([...source], result)) : result;
  if (source instanceof Map) return restoreMap(source, result);
  if (source instanceof Date) return result;
  if (Array.isArray(source)) return Array.isArray(result) ? restoreItems(source, result) : result;
  return restoreProperties(source as Record<string, unknown>, result as Record<string, unknown>);
}

function restoreItems(source: readonly unknown[], result: unknown[]): unknown[] {
  return source.length === result.length ? result.map((item, index) => restore(source[index], item)) : result;
}

function restoreMap(source: ReadonlyMap<unknown, unknown>, result: object): unknown {
  if (!(result instanceof Map)) return isPlain(result) ? source : result;
  // class-transformer passes over keys such as "constructor".
  for (const [key, value] of source) if (!result.has(key)) result.set(key, value);
  return result;
}

function restoreProperties(source: Record<string, unknown>, result: Record<string, unknown>): object {
  for (const key of Object.keys(result)) {
    const value = result[key];
    if (typeof value === 'object' && value !== null && Object.hasOwn(source, key))
      result[key] = restore(source[key], value);
  }
  const nested = isPlain(result) && !isPlain(source) && messageNameOf(source.constructor);
  return nested ? Object.setPrototypeOf(result, Object.getPrototypeOf(source)) : result;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
