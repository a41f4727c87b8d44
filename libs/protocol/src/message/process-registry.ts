import type { MessageClass } from './message-class.js';
import type { StreamMessageOptions } from './stream-message.options.js';
import type { MessageOrigin } from './message-origin.js';
import type { MessageTransformer } from './message-transformer.js';

/** The state that all copies of this package in one process share. */
interface ProcessRegistry {
  /** The names of message classes on the wire. */
  readonly names: WeakMap<object, string>;
  /** The message classes by name; in order of registration. */
  readonly classes: Map<string, MessageClass[]>;
  /** The options of message classes. */
  readonly evolutions: WeakMap<object, StreamMessageOptions>;
  /** The origins of received messages. */
  readonly origins: WeakMap<object, MessageOrigin>;
  /** The transformer that replaces the default, once its entry point is imported. */
  transformer?: MessageTransformer;
}

const KEY = Symbol.for('nestwire');

/** The names, classes and transformer of this process. */
export const processRegistry: ProcessRegistry = ((globalThis as { [KEY]?: ProcessRegistry })[KEY] ??= {
  names: new WeakMap(),
  classes: new Map(),
  evolutions: new WeakMap(),
  origins: new WeakMap(),
});
