import type { AnyStreamClient, ConnectionStatus, EndpointStream } from '@nestwire/client';
import { CodedError, type CloseCode, type Message } from '@nestwire/protocol';
import type { ChatClock } from './chat-client.js';
import { codedError, isPassing, retryMs } from './retry.js';

/** An owner of a reading. */
export interface StreamOwner {
  /** The stream has opened, or messages were dropped: what is missing since the last message is unknown. */
  readonly opened: () => void;
  readonly message: (message: Message) => void;
  /** The connection is lost, or the stream opens again later. */
  readonly lost?: () => void;
  /** The server has refused or ended the stream; it opens again for another user. */
  readonly ended?: (error: CodedError) => void;
}

/** The close codes of a page that has closed its client, and of a server that has refused the credential. */
const NORMAL = 1000;
const UNAUTHENTICATED: typeof CloseCode.Unauthenticated = 4501;

/** Reads one stream once for all its owners, also after failures that pass. */
export class StreamReading {
  readonly #client: AnyStreamClient;
  readonly #endpoint: Pick<EndpointStream<never, Message>, 'stream' | 'addStreamOpenedListener'>;
  readonly #clock: ChatClock;
  readonly #owners = new Set<StreamOwner>();
  #reader: AsyncIterator<Message, undefined> | undefined;
  readonly #removers: (() => void)[] = [];
  #cancelRetry: (() => void) | undefined;
  #failures = 0;
  #dropped = 0;
  #isOpen = false;
  /** The user whom the server has refused the stream. */
  #refused: string | null | undefined;
  #error: CodedError | undefined;

  constructor(
    client: AnyStreamClient,
    endpoint: Pick<EndpointStream<never, Message>, 'stream' | 'addStreamOpenedListener'>,
    clock: ChatClock,
  ) {
    this.#client = client;
    this.#endpoint = endpoint;
    this.#clock = clock;
  }

  /** Adds an owner; the first one opens the stream. */
  add(owner: StreamOwner): void {
    this.#owners.add(owner);
    if (this.#owners.size === 1) this.start();
    else if (this.#isOpen) owner.opened();
    else if (this.#error) owner.ended?.(this.#error);
  }

  /** Removes an owner; the stream closes with the last one. */
  remove(owner: StreamOwner): void {
    if (this.#owners.delete(owner) && !this.#owners.size) this.#stop();
  }

  /** Begins to read anew, as after the server has ended the stream. */
  start(): void {
    const { stream } = this.#endpoint;
    this.#stop();
    this.#dropped = stream.dropped;
    this.#watch();
    this.#removers.push(this.#endpoint.addStreamOpenedListener(() => this.#opened()));
    void this.#read((this.#reader = stream[Symbol.asyncIterator]()));
    if (this.#client.connectionStatus.kind === 'closed') this.#connection(this.#client.connectionStatus);
  }

  #stop(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#refused = this.#error = undefined;
    this.#isOpen = false;
    for (const remove of this.#removers.splice(0)) remove();
    void this.#reader?.return?.();
    this.#reader = undefined;
  }

  #watch(): void {
    this.#removers.push(this.#client.addConnectionStatusListener((status) => this.#connection(status)));
  }

  #connection(status: ConnectionStatus): void {
    if (status.kind === 'connected') {
      // The readers of a client that was closed have ended, as the one of a user who was refused.
      if (!this.#reader && !this.#cancelRetry && this.#refused !== status.user) this.start();
    } else if (status.kind === 'closed' && status.code !== NORMAL) {
      const { code, reason } = status;
      this.#refuse(
        new CodedError(code === UNAUTHENTICATED ? 'UNAUTHENTICATED' : 'CLIENT_CLOSED', reason || `${code}`),
      );
    } else this.#lost();
  }

  #opened(): void {
    this.#isOpen = true;
    for (const owner of [...this.#owners]) owner.opened();
  }

  #lost(): void {
    this.#isOpen = false;
    for (const owner of [...this.#owners]) owner.lost?.();
  }

  async #read(reader: AsyncIterator<Message, undefined>): Promise<void> {
    const { stream } = this.#endpoint;
    try {
      for (;;) {
        const { done, value } = await reader.next();
        if (reader !== this.#reader) return;
        if (done) break;
        this.#failures = 0;
        for (const owner of [...this.#owners]) owner.message(value);
        if (this.#dropped === stream.dropped) continue;
        this.#dropped = stream.dropped;
        this.#opened();
      }
      this.#reader = undefined;
      this.#lost();
    } catch (failure) {
      if (reader === this.#reader) this.#failed(codedError(failure));
    }
  }

  #failed(error: CodedError): void {
    if (!isPassing(error)) return this.#refuse(error);
    this.#stop();
    this.#lost();
    this.#cancelRetry = this.#clock.after(retryMs(this.#failures++, error), () => this.start());
  }

  #refuse(error: CodedError): void {
    const status = this.#client.connectionStatus;
    this.#stop();
    this.#refused = status.kind === 'connected' ? status.user : undefined;
    this.#error = error;
    this.#watch();
    for (const owner of [...this.#owners]) owner.ended?.(error);
  }
}
