import type { RequestsPort } from '../requests/connection-requests.js';
import type { ConnectionContext } from './connection-context.js';
import type { ConnectionOwner } from './connection-owner.js';

/** Makes the port between the requests of a connection and the connection. */
export function requestsPort({ limits, endpoints }: ConnectionContext, owner: ConnectionOwner): RequestsPort {
  return {
    limits,
    contentOf: (message) => owner.frames.contentOf(message),
    readerOf: (cls) => endpoints.readerOf(cls),
    send: (frame) => owner.outbox.push(owner.frames.codec.encodeFrame(frame)),
    refused: (laterMs) => owner.responseRefused(laterMs),
  };
}
