import type { MessageClass } from './message-class.js';
import { setEvolution } from './message-evolution.js';
import { processRegistry } from './process-registry.js';
import type { StreamMessageOptions } from './stream-message.options.js';

const { names, classes } = processRegistry;
const MAX_NAME_LENGTH = 128;

/** Registers a class under its name on the wire; called by `@StreamMessage`. */
export function registerMessage(target: object, name: string, options?: StreamMessageOptions): void {
  if (!name || name.length > MAX_NAME_LENGTH) {
    // The texts are short, because they are in every bundle.
    throw new TypeError(`@StreamMessage(): "${name}" must have 1 to ${MAX_NAME_LENGTH} characters`);
  }
  const cls = target as MessageClass;
  if ('then' in cls.prototype)
    throw new TypeError(`@StreamMessage(): "${name}" has a method "then", as promises have; rename it`);
  if (options) setEvolution(cls, name, options);
  names.set(cls, name);
  Object.defineProperty(cls.prototype, '$type', { value: name, configurable: true });
  classes.set(name, [...messageClassesNamed(name).filter((other) => other !== cls), cls]);
}

/** Returns the name of a message class; undefined when it has no `@StreamMessage`. */
export function messageNameOf(cls: unknown): string | undefined {
  return names.get(cls as object);
}

/** Returns all classes with a name; more than one is a configuration error. */
export function messageClassesNamed(name: string): readonly MessageClass[] {
  return classes.get(name) ?? [];
}

/** Returns the names of all message classes of this process, with their classes. */
export function registeredMessages(): ReadonlyMap<string, readonly MessageClass[]> {
  return classes;
}

/** Returns the class with a name; the last one registered if there are several. */
export function messageClassNamed(name: string): MessageClass | undefined {
  return classes.get(name)?.at(-1);
}
