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

/**
 * What every object has; a type cannot rule these names out, so only the
 * bootstrap refuses them.
 */
const OBJECT_MEMBERS = [
  'constructor',
  'prototype',
  'toString',
  'toLocaleString',
  'toJSON',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
];

const RESERVED: readonly string[] = [...CLIENT_MEMBERS, ...OBJECT_MEMBERS];

/** A name that means something on the client, or to whoever awaits it. */
export type ClientMember = (typeof CLIENT_MEMBERS)[number];

/**
 * Tells whether an endpoint cannot have this name, because it means something
 * else on the client.
 */
export function isReservedEndpointName(name: string): boolean {
  return RESERVED.includes(name);
}
