import { processRegistry } from './process-registry.js';
import type { StreamMessageOptions } from './stream-message.options.js';

/** The key of the version in the data of a message; absent for version 1. */
export const VERSION_KEY = '$version';

/**
 * Stores the options of a message class.
 *
 * @throws {TypeError} when an option is not usable
 */
export function setEvolution(cls: object, name: string, options: StreamMessageOptions): void {
  const { version = 1, upcast } = options;
  // The texts are short, because they are in every bundle.
  if (!Number.isInteger(version) || version < 1 || version > 1 !== !!upcast)
    throw new TypeError(`"${name}": a version is a whole number from 1; above 1 it needs upcast`);
  processRegistry.evolutions.set(cls, options);
}

/** Returns the options of a message class; empty for any other class. */
export function evolutionOf(cls: unknown): StreamMessageOptions {
  return processRegistry.evolutions.get(cls as object) ?? {};
}
