import type { GrowthState } from '../chat-message.js';
import type { ChatGrowthOptions } from './growth.options.js';
import { GrowingText } from './growing-text.js';

/** The source of a growing message: its pieces, or a function that begins it. */
export type GrowthSource = AsyncIterable<string> | ((signal: AbortSignal) => AsyncIterable<string>);

/** The end of a growing message; `lost` when something else has ended it. */
export type GrowthResult = {
  readonly state: Exclude<GrowthState, 'growing'> | 'lost';
  readonly error?: unknown;
};

/** The effects of a growing message on others. */
export interface GrowthOutput {
  /** Stores the text, if it has grown, and extends the lease. */
  readonly store: (text: string | undefined) => Promise<'growing' | 'stopped' | 'lost'>;
  /** Sends text to the readers. `offset` is its place in the whole text. */
  readonly send: (piece: { readonly offset: number; readonly text: string }) => void;
}

/**
 * Produces one message from its source.
 *
 * Readers get all text after the part that is stored, so a reader who loads the message has the part before each
 * later piece.
 */
export class GrowingMessage {
  private readonly stopping = new AbortController();
  private readonly grown: GrowingText;
  private sentLength = 0;
  private storedLength = 0;
  private sendTimer: NodeJS.Timeout | undefined;
  private storing: Promise<void> | undefined;
  private isLost = false;

  constructor(
    private readonly output: GrowthOutput,
    private readonly settings: Required<ChatGrowthOptions>,
    maxLength: number,
  ) {
    this.grown = new GrowingText(maxLength);
  }

  get text(): string {
    return this.grown.value;
  }

  /** Stops; the text so far remains. */
  stop(): void {
    this.stopping.abort(new Error('The growing message was stopped.'));
  }

  /** Takes the pieces of the source until its end, the limit of the text, or a stop. Never rejects. */
  async run(source: GrowthSource): Promise<GrowthResult> {
    const timer = setInterval(() => void (this.storing ??= this.store()), this.settings.storeMs);
    try {
      return await this.take(source);
    } finally {
      clearInterval(timer);
      clearTimeout(this.sendTimer);
      await this.storing;
    }
  }

  private async take(source: GrowthSource): Promise<GrowthResult> {
    const { signal } = this.stopping;
    let iterator: AsyncIterator<string> | undefined;
    const stopped = new Promise<undefined>((resolve) =>
      signal.addEventListener('abort', () => resolve(undefined), { once: true }),
    );
    try {
      iterator = (typeof source === 'function' ? source(signal) : source)[Symbol.asyncIterator]();
      for (;;) {
        const next = signal.aborted ? undefined : await Promise.race([iterator.next(), stopped]);
        if (!next || signal.aborted) return { state: this.isLost ? 'lost' : 'stopped' };
        if (next.done || !this.append(next.value)) return { state: 'ended' };
      }
    } catch (error) {
      if (signal.aborted) return { state: this.isLost ? 'lost' : 'stopped' };
      return { state: 'failed', error };
    } finally {
      // A source that waits for something ends later; nobody waits for it.
      void Promise.resolve(iterator?.return?.()).catch(() => undefined);
      this.stop();
    }
  }

  private append(piece: unknown): boolean {
    const hasRoom = this.grown.append(String(piece));
    this.sendTimer ??= setTimeout(() => this.send(), this.settings.deltaMs);
    return hasRoom;
  }

  private send(): void {
    clearTimeout(this.sendTimer);
    this.sendTimer = undefined;
    if (this.text.length === this.sentLength) return;
    this.sentLength = this.text.length;
    this.output.send({ offset: this.storedLength, text: this.text.slice(this.storedLength) });
  }

  /** Readers get the text before it counts as stored; so no piece is left out between two bases. */
  private async store(): Promise<void> {
    this.send();
    const { text } = this;
    try {
      const state = await this.output.store(text.length > this.storedLength ? text : undefined);
      this.storedLength = text.length;
      this.isLost = state === 'lost';
      if (state !== 'growing') this.stop();
    } catch {
      // The next look stores the text; if none does, the lease ends and so does the message.
    } finally {
      this.storing = undefined;
    }
  }
}
