import type { EndpointStream } from '@nestwire/client';
import type { AnyStreamClient } from '@nestwire/client';
import type { CodedError } from '@nestwire/protocol';
import type { ChatClock } from './chat-client.js';
import { codedError, isPassing, retryMs } from './retry.js';

/** The owner of a reading. */
export interface StreamOwner<Out> {
  /** The stream has opened; what it has missed since the last message is unknown. */
  readonly opened: () => void;
  readonly message: (message: Out) => void;
  /** The connection is lost, or the stream opens again later. */
  readonly lost: () => void;
  /** The server has ended the stream for good. */
  readonly ended: (error: CodedError) => void;
}

/** Reads one stream from `start` to `stop`, also after failures that pass. */
export class StreamReading<Out> {
  private reader: AsyncIterator<Out, undefined> | undefined;
  private removers: (() => void)[] = [];
  private cancelRetry: (() => void) | undefined;
  private failures = 0;
  private dropped = 0;

  constructor(
    private readonly client: AnyStreamClient,
    private readonly endpoint: Pick<EndpointStream<never, Out>, 'stream' | 'addStreamOpenedListener'>,
    private readonly settings: { readonly clock: ChatClock; readonly owner: StreamOwner<Out> },
  ) {}

  get isStarted(): boolean {
    return this.removers.length > 0;
  }

  /** Begins to read; a second call begins anew after the server has ended the stream. */
  start(): void {
    this.stop();
    const { owner } = this.settings;
    this.dropped = this.endpoint.stream.dropped;
    const reader = this.endpoint.stream[Symbol.asyncIterator]();
    this.reader = reader;
    this.removers = [
      this.endpoint.addStreamOpenedListener(() => owner.opened()),
      this.client.addConnectionStatusListener(({ kind }) => kind === 'connected' || owner.lost()),
    ];
    void this.read(reader);
  }

  /** Ends the reading. */
  stop(): void {
    this.cancelRetry?.();
    this.cancelRetry = undefined;
    for (const remove of this.removers.splice(0)) remove();
    void this.reader?.return?.();
    this.reader = undefined;
  }

  private async read(reader: AsyncIterator<Out, undefined>): Promise<void> {
    const { owner } = this.settings;
    try {
      for (;;) {
        const { done, value } = await reader.next();
        if (reader !== this.reader) return;
        if (done) return owner.lost();
        this.failures = 0;
        owner.message(value);
        if (this.dropped === this.endpoint.stream.dropped) continue;
        // The queue of the reader was full: what it dropped is missing.
        this.dropped = this.endpoint.stream.dropped;
        owner.opened();
      }
    } catch (failure) {
      if (reader === this.reader) this.failed(codedError(failure));
    }
  }

  private failed(error: CodedError): void {
    const { clock, owner } = this.settings;
    this.stop();
    if (!isPassing(error)) return owner.ended(error);
    owner.lost();
    this.cancelRetry = clock.after(retryMs(this.failures++, error), () => this.start());
  }
}
