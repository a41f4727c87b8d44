const RESERVED = [
  'connectWebSocket',
  'connectionStatus',
  'addConnectionStatusListener',
  'authenticate',
  'close',
  'then',
  'catch',
  'finally',
  'constructor',
  'prototype',
  'toString',
  'toLocaleString',
  'toJSON',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
] as const;

/** A name that an endpoint cannot have, because it means something else on the client. */
export type ReservedEndpointName = (typeof RESERVED)[number];

/** Tells whether a name means something else on the client. */
export function isReservedEndpointName(name: string): name is ReservedEndpointName {
  return (RESERVED as readonly string[]).includes(name);
}
