import { markUserObject } from './endpoint-metadata.js';

/** A class of user objects. */
type UserObjectClass = abstract new (...args: never[]) => unknown;

/**
 * Hands a handler the user object of its session.
 *
 * Without an argument the class is the parameter's type; give it where the type is an interface or a union.
 */
export function UserObject(cls?: UserObjectClass): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined)
      throw new TypeError('@UserObject() belongs on a parameter of a handler method.');
    markUserObject(target, method, { index, cls });
  };
}
