import { MessagesError, MessagesErrorCode } from '@nestwire/messages';
import {
  HistoryStore,
  type Draft,
  type HistoryChannel,
  type HistorySink,
  type PageBounds,
  type PageStart,
  type Stored,
  type StoredMessage,
  type Head,
} from '@nestwire/messages/backend';
import type { HistoryPage } from '../../../libs/messages/src/history/recovery.js';
import type { Ledger } from './ledger.js';

/** The fault of an append: it is refused, or its answer is lost, before or after it was stored. */
export type AppendFault = 'refuse' | 'lose-before' | 'lose-after';

/** The fate of received messages. */
export type Hearing = 'now' | 'held' | 'lost' | 'twice';

/** The changes of a lying history to its results, for negative controls. */
export interface Lies {
  readonly page?: (page: HistoryPage<StoredMessage>, start: PageStart) => HistoryPage<StoredMessage>;
  readonly heads?: () => never;
  readonly drafts?: (drafts: readonly Draft[]) => readonly Draft[];
  /** Says of each append that nothing was stored, after it was. */
  readonly refusesWhatItStored?: true;
}

const MAX_READS_A_TURN = 300;

type Page = HistoryPage<StoredMessage>;

/** A process's history, on which faults can be laid. */
export class FaultyHistory extends HistoryStore {
  override readonly consumers;
  hearing: Hearing = 'now';
  lies: Lies = {};
  /** Turns of the event loop between what was read and its arrival. */
  slowTurns = 0;
  failingReads = 0;
  /** How often a history was read too often in one turn of the event loop. */
  circles = 0;
  #reads = 0;
  readonly appendFaults: AppendFault[] = [];
  readonly followed = new Set<string>();
  #held: Array<() => void> = [];
  #sink: HistorySink | undefined;

  constructor(
    private readonly inner: HistoryStore,
    private readonly ledger: Ledger,
  ) {
    super();
    this.consumers = inner.consumers;
  }

  /** Nothing goes wrong any more; lies stay. */
  heal(): void {
    this.hearing = 'now';
    this.slowTurns = this.failingReads = 0;
    this.appendFaults.length = 0;
    for (const hear of this.#held.splice(0)) hear();
  }

  /** Doubts channels, as after a lost subscription. */
  doubt(channels: readonly string[]): void {
    this.#sink?.suspected(channels);
  }

  attach(sink: HistorySink): void {
    this.#sink = sink;
    this.inner.attach({
      stored: (channel, messages) => this.#hear(channel, messages),
      suspected: (channels) => sink.suspected(channels),
    });
  }

  follow(channel: string): Promise<void> {
    this.followed.add(channel);
    return this.#pending(() => this.inner.follow(channel));
  }

  unfollow(channel: string): void {
    this.followed.delete(channel);
    this.inner.unfollow(channel);
  }

  append(channel: HistoryChannel, drafts: readonly Draft[]): Promise<ReadonlyArray<Stored | MessagesError>> {
    const fault = this.appendFaults.shift();
    if (fault === 'refuse') return Promise.reject(failure(MessagesErrorCode.Unavailable));
    if (fault === 'lose-before') return Promise.reject(failure(MessagesErrorCode.Uncertain));
    return this.#pending(async () => {
      const sent = this.lies.drafts?.(drafts) ?? drafts;
      const results = await this.inner.append(channel, sent);
      this.ledger.stored(channel.name, sent, results);
      if (fault) throw failure(MessagesErrorCode.Uncertain);
      if (this.lies.refusesWhatItStored) throw failure(MessagesErrorCode.Unavailable);
      return results;
    });
  }

  read(channel: HistoryChannel, start: PageStart, limits: PageBounds): Promise<Page> {
    return this.#pending(async () => {
      this.#failCircles();
      this.#failRead();
      const page = await this.inner.read(channel, start, limits);
      for (let turn = 0; turn < this.slowTurns; turn++) await new Promise(setImmediate);
      this.#failRead();
      return this.lies.page?.(page, start) ?? page;
    });
  }

  heads(channels: readonly string[]): Promise<readonly Head[]> {
    return this.#pending(async () => {
      this.lies.heads?.();
      this.#failRead();
      return this.inner.heads(channels);
    });
  }

  /** Readers that turn in circles would never let anything else happen. */
  #failCircles(): void {
    if (++this.#reads === 1) setImmediate(() => (this.#reads = 0));
    if (this.#reads > MAX_READS_A_TURN) this.circles++;
    if (this.circles > 0) throw failure(MessagesErrorCode.Unavailable);
  }

  #failRead(): void {
    if (this.failingReads > 0 && this.failingReads--) throw failure(MessagesErrorCode.Unavailable);
  }

  #hear(channel: string, messages: readonly StoredMessage[]): void {
    this.ledger.activity++;
    const hear = () => this.#sink?.stored(channel, messages);
    if (this.hearing === 'held') this.#held.push(() => this.followed.has(channel) && hear());
    if (this.hearing === 'now' || this.hearing === 'twice') hear();
    if (this.hearing === 'twice') hear();
  }

  async #pending<T>(call: () => Promise<T>): Promise<T> {
    this.ledger.pending++;
    try {
      return await call();
    } finally {
      this.ledger.pending--;
      this.ledger.activity++;
    }
  }
}

function failure(code: MessagesErrorCode): MessagesError {
  return new MessagesError(code, 'The rig lets this fail.');
}
