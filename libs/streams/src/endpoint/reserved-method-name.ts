/** The members of an endpoint on the client. */
const ENDPOINT_MEMBERS = ['stream', 'sendStreamMessage', 'addStreamOpenedListener', 'onRequest'] as const;

/** The names by which `await` finds a promise, and by which tools recognize an object. */
const PROBED_MEMBERS = [
  'then',
  'catch',
  'finally',
  'toJSON',
  'prototype',
  'asymmetricMatch',
  'nodeType',
  'tagName',
  'inspect',
] as const;

/** The members of every function and object, because an endpoint of the client is a function. */
const FUNCTION_MEMBERS = [
  'apply',
  'arguments',
  'bind',
  'call',
  'caller',
  'constructor',
  'hasOwnProperty',
  'isPrototypeOf',
  'length',
  'name',
  'propertyIsEnumerable',
  'toLocaleString',
  'toString',
  'valueOf',
] as const;

const RESERVED = [...ENDPOINT_MEMBERS, ...PROBED_MEMBERS, ...FUNCTION_MEMBERS] as const;

/** A name that no stream method can have: the client has such a member. */
export type ReservedMethod = (typeof RESERVED)[number];

type Letter =
  | 'a'
  | 'b'
  | 'c'
  | 'd'
  | 'e'
  | 'f'
  | 'g'
  | 'h'
  | 'i'
  | 'j'
  | 'k'
  | 'l'
  | 'm'
  | 'n'
  | 'o'
  | 'p'
  | 'q'
  | 'r'
  | 's'
  | 't'
  | 'u'
  | 'v'
  | 'w'
  | 'x'
  | 'y'
  | 'z';

/** Refuses the name of a stream method that the client cannot offer. */
export type MustBeFree<K extends string> = K extends ReservedMethod
  ? { 'rename the method, because the client has a member of this name': K }
  : K extends `${Letter | Uppercase<Letter>}${string}`
    ? unknown
    : { 'the name of a stream method begins with a letter, not': K };

/** Returns whether the client cannot offer a method of this name. */
export function isReservedMethodName(name: string): boolean {
  return (RESERVED as readonly string[]).includes(name) || !/^[a-z]/i.test(name);
}
