import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Knows the answers of an HTTP server that are not written yet. */
export class PendingAnswers {
  /** The last answer of each connection: those before it leave first. */
  private readonly last = new WeakMap<Duplex, ServerResponse>();
  private readonly note = (request: IncomingMessage, response: ServerResponse): void =>
    void this.last.set(request.socket, response);

  constructor(private readonly server: Server) {
    server.prependListener('request', this.note);
  }

  /** Returns the last answer to a connection unless it is written. */
  of(socket: Duplex): ServerResponse | undefined {
    const response = this.last.get(socket);
    return response?.writableFinished && !response.socket ? undefined : response;
  }

  /** Stops listening. */
  close(): void {
    this.server.off('request', this.note);
  }
}
