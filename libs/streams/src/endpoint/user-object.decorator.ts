import { markUserObject } from './endpoint-metadata.js';

/** A class of user objects. */
type UserObjectClass = abstract new (...args: never[]) => unknown;

/**
 * Injects the user object of the session.
 *
 * Without an argument the class is the type of the parameter; pass it if the type is an interface or a union.
 */
export function UserObject(cls?: UserObjectClass): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined)
      throw new TypeError('@UserObject() belongs on a parameter of a handler method.');
    markUserObject(target, method, { index, cls });
  };
}
