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
  const { version = 1, upcast, unknownProperties: unknown } = options;
  const problem = !(Number.isSafeInteger(version) && version > 0)
    ? `"version" must be a whole number from 1 on, got ${version}`
    : version > 1 !== Boolean(upcast)
      ? '"upcast" belongs to a "version" above 1: give both or neither'
      : unknown &&
        unknown !== 'refuse' &&
        unknown !== 'strip' &&
        `"unknownProperties" is 'refuse' or 'strip'`;
  if (problem) throw new TypeError(`The message "${name}": ${problem}.`);
  processRegistry.evolutions.set(cls, options);
}

/** Returns the options of a message class; empty for any other class. */
export function evolutionOf(cls: unknown): StreamMessageOptions {
  return processRegistry.evolutions.get(cls as object) ?? {};
}
