import type { MessageOrigin } from './message-meta.js';
import type { MessageClass } from './message-registry.js';
import type { MessageTransformer } from './message-reviver.js';

/** What all copies of this package in one process have in common. */
interface ProcessRegistry {
  /** The names of message classes on the wire. */
  readonly names: WeakMap<object, string>;
  /** The message classes by name; of several, the one marked last stands last. */
  readonly classes: Map<string, MessageClass[]>;
  /** The origins of received messages. */
  readonly origins: WeakMap<object, MessageOrigin>;
  /** What stands in for the default, once its entry is imported. */
  transformer?: MessageTransformer;
}

const KEY = Symbol.for('nestwire');

/** The names, classes and transformer of this process. */
export const processRegistry: ProcessRegistry = ((globalThis as { [KEY]?: ProcessRegistry })[KEY] ??= {
  names: new WeakMap(),
  classes: new Map(),
  origins: new WeakMap(),
});
