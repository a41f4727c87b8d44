/** The members of a client, and the names by which `await` finds a promise. */
const CLIENT_MEMBERS = [
  'connectWebSocket',
  'connectionStatus',
  'addConnectionStatusListener',
  'authenticate',
  'close',
  'idle',
  'then',
  'catch',
  'finally',
] as const;

/** Members that later versions add to the client. */
const COMING_MEMBERS = ['calls', 'presence', 'addContractListener'] as const;

/** Members by which test runners, DOM libraries and consoles recognize an object. */
const PROBED_MEMBERS = ['toJSON', 'prototype', 'asymmetricMatch', 'nodeType', 'tagName', 'inspect'] as const;

/** Members of every object; a type cannot exclude them, so only the bootstrap refuses them. */
const OBJECT_MEMBERS = [
  'constructor',
  'toString',
  'toLocaleString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
];

const COMPILED_MEMBERS = [...CLIENT_MEMBERS, ...COMING_MEMBERS, ...PROBED_MEMBERS] as const;

const RESERVED: readonly string[] = [...COMPILED_MEMBERS, ...OBJECT_MEMBERS];

/** A name that the types refuse as the name of an endpoint. */
export type ClientMember = (typeof COMPILED_MEMBERS)[number];

/** Returns whether an endpoint cannot have this name, because the client uses it. */
export function isReservedEndpointName(name: string): boolean {
  return RESERVED.includes(name);
}
