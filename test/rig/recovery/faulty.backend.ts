import { Broker, type BrokerSink } from '@nestwire/messages/backend';
import type { EncodedMessage } from '@nestwire/protocol/codec';
import { FaultyHistory } from './faulty.history.js';
import type { Ledger } from './ledger.js';
import type { StoreNode } from './store.js';

/** A process's backend, with a history on which faults can be laid. */
export class FaultyBackend extends Broker {
  override readonly history: FaultyHistory;
  override readonly claims;
  override readonly calls;
  override readonly presence;
  override readonly revokedTokens;

  constructor(
    private readonly inner: StoreNode,
    ledger: Ledger,
  ) {
    super();
    this.claims = inner.backend.claims;
    this.calls = inner.backend.calls;
    this.presence = inner.backend.presence;
    this.revokedTokens = inner.backend.revokedTokens;
    this.history = new FaultyHistory(inner.history, ledger);
  }

  get status() {
    return this.inner.backend.status;
  }

  get counters() {
    return this.inner.backend.counters;
  }

  start(sink: BrokerSink): Promise<void> {
    return this.inner.backend.start(sink);
  }

  subscribe(channel: string): Promise<void> {
    return this.inner.backend.subscribe(channel);
  }

  unsubscribe(channel: string): void {
    this.inner.backend.unsubscribe(channel);
  }

  refusal(channel: string) {
    return this.inner.backend.refusal(channel);
  }

  publish(channel: string, encoded: EncodedMessage): Promise<void> {
    return this.inner.backend.publish(channel, encoded);
  }

  override secret(): Promise<string> {
    const { backend } = this.inner;
    return backend.secret ? backend.secret() : Promise.reject(new Error('no secret'));
  }

  close(): Promise<void> {
    return this.inner.backend.close();
  }
}
