import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Tracks the unwritten HTTP responses of a server. */
export class PendingAnswers {
  /** The last response of each connection; earlier ones are written before it. */
  private readonly last = new WeakMap<Duplex, ServerResponse>();
  private readonly note = (request: IncomingMessage, response: ServerResponse): void =>
    void this.last.set(request.socket, response);

  constructor(private readonly server: Server) {
    server.prependListener('request', this.note);
  }

  /** Returns the last response of a connection; undefined when it is written. */
  of(socket: Duplex): ServerResponse | undefined {
    const response = this.last.get(socket);
    return response?.writableFinished && !response.socket ? undefined : response;
  }

  /** Stops listening. */
  close(): void {
    this.server.off('request', this.note);
  }
}
