import './reflect-metadata.js';
import type { StreamMessageOptions } from './stream-message.options.js';
import { registerMessage } from './message-registry.js';

/** Any class, abstract or not, with instances of type `T`. */
export type AnyClass<T = object> = abstract new (...args: never[]) => T;

/**
 * Marks a class as a message and sets its name on the wire.
 *
 * The class declares its discriminant, `declare readonly $type: 'the.name'`. The decorator sets it on the
 * prototype, and the compiler checks that both are equal. The name is explicit because class names do not
 * survive minification.
 *
 * @param name 1 to 128 characters, unique in the application; by convention `area.thing`
 * @param options the version of the class and the treatment of unknown properties
 * @throws {TypeError} when the name is empty or too long, or an option is not usable
 * @throws {TypeError} when decorators are compiled without `experimentalDecorators`
 */
export function StreamMessage<const N extends string>(name: N, options?: StreamMessageOptions) {
  return <C extends AnyClass<{ readonly $type: N }>>(target: C, context?: unknown): void => {
    // Standard decorators pass a context; those of class-validator do not work with them.
    if (context) throw new TypeError('@StreamMessage(): set "experimentalDecorators" in tsconfig.json');
    registerMessage(target, name, options);
  };
}
