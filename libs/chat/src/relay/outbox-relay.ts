import { Logger } from '@nestjs/common';
import type { MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import type { ListOrder } from '../channels/list-order.js';
import type { ChatDatabase } from '../database/chat-database.js';
import { Lease } from '../database/lease.js';
import { ChatWake } from '../wire/change-events.js';
import { chatWake } from '../wire/chat-topics.js';
import type { ChangePublisher, OutboxRow } from './change-publisher.js';
import type { ChatWork } from '../outbox/chat-work.js';
import type { ChatRelayOptions } from './relay.options.js';

/** The changes that one round publishes, so that the lease is extended in time. */
const BATCH = 100;
const HOUR_MS = 3_600_000;
/** The least time between two passes over the order of lists. */
const ORDER_MS = 500;

/**
 * Publishes the stored changes, on one server of the cluster at a time.
 *
 * A server that dies after it has stored a change leaves it to the next holder of the lease. A change that was
 * published and not yet removed is published again with the same id, so that receivers get it once.
 */
export class OutboxRelay {
  private readonly logger = new Logger('Chat');
  private readonly lease: Lease;
  private readonly removers: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isAsked = false;
  private isStopped = false;
  private isHolder = false;
  private isFailing = false;
  private expiredAtMs = 0;
  private orderedAtMs = 0;
  private ordering: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  constructor(
    private readonly parts: {
      readonly database: ChatDatabase;
      readonly work: ChatWork;
      readonly messages: MessagesService;
      readonly publisher: ChangePublisher;
      /** Removes messages that are too old; runs every hour on the holder. */
      readonly expire: () => Promise<number>;
      readonly order: ListOrder;
    },
    private readonly settings: Required<ChatRelayOptions>,
  ) {
    this.lease = new Lease(parts.database, { name: 'relay', durationMs: settings.takeoverMs });
  }

  /** Begins to publish, and listens to the other servers. */
  async start(): Promise<void> {
    const { work, messages } = this.parts;
    this.removers.push(work.onCommitted(() => this.committed()));
    const waking = new AbortController();
    this.removers.push(() => waking.abort());
    await messages.addListener(chatWake, () => this.isHolder && this.run(), { signal: waking.signal });
    this.run();
  }

  /** Publishes what is stored and gives the lease to the next server. */
  async stop(): Promise<void> {
    for (const remove of this.removers.splice(0)) remove();
    this.isStopped = true;
    this.stopping.abort();
    clearTimeout(this.timer);
    await this.running;
    await this.ordering;
    if (this.isHolder) await this.lease.release().catch(() => undefined);
    this.isHolder = false;
  }

  /** A change of this process: publish it, or tell the server that does. */
  private committed(): void {
    if (this.isHolder) return this.run();
    void this.parts.messages.postMessage(chatWake, create(ChatWake, {})).catch(() => undefined);
  }

  /** Runs once at a time; a call in between runs it once more. */
  private run(): void {
    this.isAsked = true;
    this.running ??= this.runWhileAsked().finally(() => {
      this.running = undefined;
      this.plan();
    });
  }

  private plan(): void {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    this.timer = setTimeout(() => this.run(), this.settings.pollMs).unref();
  }

  private async runWhileAsked(): Promise<void> {
    try {
      while (this.isAsked && !this.isStopped) {
        this.isAsked = false;
        await this.drain();
      }
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.logger.error(`Changes wait for the relay: ${String(error)}`);
      this.isFailing = true;
      this.isHolder = false;
    }
  }

  private async drain(): Promise<void> {
    for (;;) {
      this.isHolder = await this.lease.acquire();
      if (!this.isHolder) return;
      this.copyOrder();
      const rows = await this.nextRows();
      const done = await this.parts.publisher.publish(rows);
      await this.remove(done);
      if (done.length < rows.length) throw new Error('The broker did not take all changes.');
      if (rows.length < BATCH) break;
    }
    await this.expire();
  }

  private nextRows(): Promise<OutboxRow[]> {
    return this.parts.work.read((queries) =>
      queries.selectFrom('outbox as o').selectAll().orderBy('o.outbox_seq').limit(BATCH).execute(),
    );
  }

  private async remove(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) return;
    const seqs = rows.map(({ outbox_seq }) => outbox_seq);
    await this.parts.database.transaction((queries) =>
      queries.deleteFrom('outbox').where('outbox_seq', 'in', seqs).execute(),
    );
  }

  /** Runs beside the publication, which does not wait for it. */
  private copyOrder(): void {
    if (this.ordering || Date.now() - this.orderedAtMs < ORDER_MS) return;
    this.orderedAtMs = Date.now();
    this.ordering = this.parts.order
      .copy(this.stopping.signal)
      .catch((error: unknown) => this.logger.warn(`Lists are read without copies for now: ${String(error)}`))
      .finally(() => (this.ordering = undefined));
  }

  private async expire(): Promise<void> {
    if (Date.now() - this.expiredAtMs < HOUR_MS) return;
    this.expiredAtMs = Date.now();
    await this.parts.expire();
  }
}
