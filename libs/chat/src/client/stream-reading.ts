import type { AnyStreamClient, EndpointStream } from '@nestwire/client';
import type { CodedError, Message } from '@nestwire/protocol';
import type { ChatClock } from './chat-client.js';
import { codedError, isPassing, retryMs } from './retry.js';

/** The owner of a reading. */
export interface StreamOwner {
  /** The stream has opened, or messages were dropped: what is missing since the last message is unknown. */
  readonly opened: () => void;
  readonly message: (message: Message) => void;
  /** The connection is lost, or the stream opens again later. */
  readonly lost: () => void;
  /** The server has ended the stream for good. */
  readonly ended: (error: CodedError) => void;
}

/** Reads one stream from `start` to `stop`, also after failures that pass. */
export class StreamReading {
  private reader: AsyncIterator<Message, undefined> | undefined;
  private readonly removers: (() => void)[] = [];
  private cancelRetry: (() => void) | undefined;
  private failures = 0;
  private dropped = 0;

  constructor(
    private readonly client: AnyStreamClient,
    private readonly endpoint: Pick<EndpointStream<never, Message>, 'stream' | 'addStreamOpenedListener'>,
    private readonly settings: { readonly clock: ChatClock; readonly owner: StreamOwner },
  ) {}

  /** Begins to read; a second call begins anew after the server has ended the stream. */
  start(): void {
    this.stop();
    const { owner } = this.settings;
    this.dropped = this.endpoint.stream.dropped;
    this.removers.push(
      this.client.addConnectionStatusListener(({ kind }) => {
        if (kind !== 'connected') owner.lost();
        // The readers of a client that was closed have ended.
        else if (!this.reader && !this.cancelRetry) this.start();
      }),
      this.endpoint.addStreamOpenedListener(() => owner.opened()),
    );
    void this.read((this.reader = this.endpoint.stream[Symbol.asyncIterator]()));
  }

  /** Ends the reading. */
  stop(): void {
    this.cancelRetry?.();
    this.cancelRetry = undefined;
    for (const remove of this.removers.splice(0)) remove();
    void this.reader?.return?.();
    this.reader = undefined;
  }

  private async read(reader: AsyncIterator<Message, undefined>): Promise<void> {
    const { owner } = this.settings;
    try {
      for (;;) {
        const { done, value } = await reader.next();
        if (reader !== this.reader) return;
        if (done) break;
        this.failures = 0;
        owner.message(value);
        if (this.dropped === this.endpoint.stream.dropped) continue;
        this.dropped = this.endpoint.stream.dropped;
        owner.opened();
      }
      this.reader = undefined;
      owner.lost();
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
