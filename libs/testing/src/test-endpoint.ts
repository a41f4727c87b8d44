import type { EndpointStream, MessageStream, SendOptions } from '@nestwire/client';
import type { Message, MessageClass } from '@nestwire/protocol';
import { awaitWithin, type WaitOptions } from './deadline.js';

/** Selects the message that a test waits for. */
export interface NextOptions<T> extends WaitOptions {
  /** Accepts only messages for which it returns true. */
  readonly where?: (message: T) => boolean;
}

interface Waiter<Out> {
  readonly takes: (message: Out) => boolean;
  readonly resolve: (message: Out) => void;
}

/**
 * An endpoint of a test client, which stores messages until a test takes them.
 *
 * It reads from its first use, so no message is missed. Received messages wait in `unread`.
 */
export class TestEndpoint<In, Out extends Message, Requests = never> implements EndpointStream<
  In,
  Out,
  Requests
> {
  /** The received messages that no `next()` has taken, oldest first. */
  readonly unread: Out[] = [];
  private readonly waiters = new Set<Waiter<Out>>();
  private readonly failures = new Set<(error: unknown) => void>();
  private isReading = false;

  constructor(
    private readonly name: string,
    private readonly endpoint: EndpointStream<In, Out, Requests>,
  ) {}

  get stream(): MessageStream<Out> {
    return this.endpoint.stream;
  }

  sendStreamMessage(message: In, options?: SendOptions): Promise<void> {
    this.read();
    return this.endpoint.sendStreamMessage(message, options);
  }

  addStreamOpenedListener(listener: () => void): () => void {
    return this.endpoint.addStreamOpenedListener(listener);
  }

  get onRequest(): EndpointStream<In, Out, Requests>['onRequest'] {
    return this.endpoint.onRequest;
  }

  /**
   * Opens the stream; resolves after `@OnStreamOpened` on the server.
   *
   * @throws {CodedError} the error with which the server refuses the stream
   */
  async open(options: WaitOptions = {}): Promise<void> {
    let stop = () => {};
    const opened = new Promise<void>((resolve) => (stop = this.endpoint.addStreamOpenedListener(resolve)));
    try {
      await this.unlessFailed(opened, options, () => `The stream of "${this.name}" did not open.`);
    } finally {
      stop();
    }
  }

  /**
   * Takes the oldest unread message that matches, or waits for one.
   *
   * Messages that do not match stay in `unread`.
   *
   * @throws {CodedError} the error with which the server refuses or closes the stream meanwhile
   */
  async next<M extends Out>(cls?: MessageClass<M>, options: NextOptions<M> = {}): Promise<M> {
    const { where = () => true } = options;
    const takes = (message: Out) => (!cls || message instanceof cls) && where(message as M);
    const at = this.unread.findIndex(takes);
    if (at >= 0) return this.unread.splice(at, 1)[0] as M;
    return this.wait<M>(takes, options, cls?.name ?? 'message');
  }

  private async wait<M extends Out>(
    takes: Waiter<Out>['takes'],
    options: WaitOptions,
    what: string,
  ): Promise<M> {
    let remove = (): void => {};
    const arrived = new Promise<Out>((resolve) => {
      const waiter: Waiter<Out> = { takes, resolve };
      this.waiters.add(waiter);
      remove = () => this.waiters.delete(waiter);
    });
    const describe = () => `No ${what} came from "${this.name}"; unread are ${JSON.stringify(this.unread)}.`;
    try {
      return (await this.unlessFailed(arrived, options, describe)) as M;
    } finally {
      remove();
    }
  }

  /** Waits for a promise, a failure of the stream, or the deadline. */
  private async unlessFailed<T>(
    promise: Promise<T>,
    options: WaitOptions,
    describe: () => string,
  ): Promise<T> {
    let remove = (): void => {};
    const failed = new Promise<never>((_, reject) => {
      this.failures.add(reject);
      remove = () => this.failures.delete(reject);
    });
    this.read();
    try {
      return await awaitWithin(Promise.race([promise, failed]), options, describe);
    } finally {
      remove();
    }
  }

  private read(): void {
    if (this.isReading) return;
    this.isReading = true;
    const reader = this.endpoint.stream[Symbol.asyncIterator]();
    void this.empty(reader).finally(() => (this.isReading = false));
  }

  private async empty(reader: AsyncIterableIterator<Out>): Promise<void> {
    try {
      for await (const message of reader) this.give(message);
    } catch (error) {
      for (const fail of this.failures) fail(error);
    }
  }

  private give(message: Out): void {
    for (const waiter of this.waiters)
      if (waiter.takes(message)) {
        this.waiters.delete(waiter);
        return waiter.resolve(message);
      }
    this.unread.push(message);
  }
}
