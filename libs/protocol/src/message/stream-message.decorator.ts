import './reflect-metadata.js';
import { registerMessage } from './message-registry.js';

/** Any class, abstract or not, whose instances are `T`. */
export type AnyClass<T = object> = abstract new (...args: never[]) => T;

/**
 * Marks a class as a message, under the name that it has on the wire.
 *
 * The class declares its discriminant, `declare readonly $type: 'the.name'`; the
 * decorator sets it on the prototype, and the compiler checks that both agree.
 * The name is explicit because class names do not survive minification.
 *
 * @param name 1 to 128 characters, unique in the application: `area.thing` by habit
 * @throws {TypeError} when the name is empty or too long, or decorators are compiled without `experimentalDecorators`
 */
export function StreamMessage<const N extends string>(name: N) {
  return <C extends AnyClass<{ readonly $type: N }>>(target: C, context?: unknown): void => {
    // Standard decorators get one; those of class-validator fail at it.
    if (context) throw new TypeError('@StreamMessage(): set "experimentalDecorators" in tsconfig.json');
    registerMessage(target, name);
  };
}
