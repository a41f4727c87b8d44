import { CodedError, type MessageClass, type ServerFrame } from '@nestwire/protocol';
import type { Connection, ConnectionEvents } from '../connection/connection.js';
import { Endpoint } from './endpoint.js';

// More names than any application has: a server cannot fill the memory with names of its own.
const MAX_ENDPOINTS = 1_000;

/** The endpoints that a client has used, and the way of each frame to its endpoint. */
export class Endpoints implements ConnectionEvents {
  readonly #endpoints = new Map<unknown, Endpoint>();

  constructor(
    private readonly connection: Connection,
    private readonly classes: ReadonlyMap<string, MessageClass>,
  ) {
    connection.events = this;
  }

  /** Returns the endpoint with this name; makes it when it is new. */
  get(name: string): Endpoint {
    let endpoint = this.#endpoints.get(name);
    if (!endpoint) {
      endpoint = new Endpoint(name, this.classes, this.connection);
      this.#endpoints.set(name, endpoint);
    }
    return endpoint;
  }

  connected(): void {
    for (const endpoint of this.#endpoints.values()) endpoint.connected();
  }

  authenticated(): void {
    for (const endpoint of this.#endpoints.values()) endpoint.authenticated();
  }

  lost(reason: string): void {
    for (const endpoint of this.#endpoints.values()) endpoint.lost(reason);
  }

  closed(reason?: string): void {
    for (const endpoint of this.#endpoints.values()) endpoint.dispose(reason);
  }

  received(frame: ServerFrame): void {
    switch (frame.t) {
      case 'opened':
        if (typeof frame.endpoint === 'string' && this.#endpoints.size < MAX_ENDPOINTS)
          this.get(frame.endpoint);
        return this.#named(frame)?.opened(frame);
      case 'closed':
        return this.#named(frame)?.closed(frame);
      case 'message':
        return this.#named(frame)?.deliver(frame.type, frame.data);
      case 'ack':
        return this.#named(frame)?.outbox.answer(frame.id);
      case 'subscribed':
        return void this.#named(frame)?.channels.add(frame.channel);
      case 'unsubscribed':
        return void this.#named(frame)?.channels.delete(frame.channel);
      case 'publication':
        for (const endpoint of this.#endpoints.values())
          if (endpoint.channels.has(frame.channel)) endpoint.deliver(frame.type, frame.data);
        return;
      case 'error':
        return this.#refuse(frame);
    }
  }

  #named({ endpoint }: { readonly endpoint: unknown }): Endpoint | undefined {
    return this.#endpoints.get(endpoint);
  }

  #refuse({ id, error }: ServerFrame & { t: 'error' }): void {
    const cause = CodedError.fromWire(error ?? { code: 'INTERNAL', message: 'The server gave no reason.' });
    for (const endpoint of this.#endpoints.values())
      if (endpoint.refuse(id, cause) || endpoint.outbox.refuse(id, cause)) return;
    if (id === undefined) this.connection.options.onWarning('nestwire: The server reports an error.', cause);
  }
}
