import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { defineChannel, MessagesService, OnChannelMessage } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { everybody } from '../chat/chat-channels.js';
import { WhoIsWhere } from '../messages/index.js';
import { NodeReport } from './node-report.js';

/** The channel of the servers' reports. */
export const reports = defineChannel('reports', { messages: [NodeReport] });

const REPORT_EVERY_MS = 10_000;
const FORGET_AFTER_MS = 30_000;
const GATHER_MS = 50;

type RoomsByName = ReadonlyMap<string, readonly string[]>;

/** One open tab in the directory. */
export interface Presence {
  readonly name: string;
  readonly rooms: readonly string[];
}

/**
 * Lists the people of all servers and their rooms.
 *
 * Each server reports its own people after a change, when it first hears of another server, and every 10 s. A
 * report expires after 30 s without a new one. No store is needed.
 */
@Injectable()
export class ChatDirectory implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger('Directory');
  readonly #node = randomUUID();
  readonly #here = new Map<string, Presence>();
  readonly #elsewhere = new Map<string, { people: RoomsByName; heardAt: number }>();
  #gathering?: NodeJS.Timeout;
  #reporting?: NodeJS.Timeout;

  constructor(private readonly messages: MessagesService) {}

  onModuleInit(): void {
    this.#reporting = setInterval(() => this.#changed(), REPORT_EVERY_MS).unref();
  }

  /** Sends a last report without people, so that other servers need not wait for its expiry. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#reporting);
    clearTimeout(this.#gathering);
    await this.#report();
  }

  /** Adds a tab, or replaces its entry. */
  set(sessionId: string, presence: Presence): void {
    this.#here.set(sessionId, presence);
    this.#changed();
  }

  /** Removes a tab. */
  remove(sessionId: string): void {
    if (this.#here.delete(sessionId)) this.#changed();
  }

  /** Returns true when a person is connected to any server. */
  has(name: string): boolean {
    return this.everybody().people.has(name);
  }

  /** Returns the people of all servers. */
  everybody(): WhoIsWhere {
    const listings = [this.#peopleHere(), ...[...this.#elsewhere.values()].map(({ people }) => people)];
    return create(WhoIsWhere, { people: mergeListings(listings) });
  }

  /** Stores the report of another server. */
  @OnChannelMessage(reports, NodeReport)
  async onReport({ node, people }: NodeReport): Promise<void> {
    if (node === this.#node) return;
    const isNew = !this.#elsewhere.has(node);
    this.#elsewhere.set(node, { people, heardAt: Date.now() });
    if (isNew) return this.#changed();
    await this.#tellClients();
  }

  /** Schedules one report for changes that happen together. */
  #changed(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#report().catch((error: Error) => this.#logger.warn(error.message));
    }, GATHER_MS);
  }

  async #report(): Promise<void> {
    this.#forgetSilentNodes();
    await this.messages.postMessage(
      reports,
      create(NodeReport, { node: this.#node, people: mergeListings([this.#peopleHere()]) }),
    );
    await this.#tellClients();
  }

  async #tellClients(): Promise<void> {
    await this.messages.postMessage(everybody, this.everybody(), { scope: 'local' });
  }

  #forgetSilentNodes(): void {
    const oldest = Date.now() - FORGET_AFTER_MS;
    for (const [node, { heardAt }] of this.#elsewhere) if (heardAt < oldest) this.#elsewhere.delete(node);
  }

  #peopleHere(): RoomsByName {
    return mergeListings([...this.#here.values()].map(({ name, rooms }) => new Map([[name, rooms]])));
  }
}

/** Merges listings; a person with several tabs is in the rooms of all of them. */
function mergeListings(listings: Iterable<RoomsByName>): Map<string, string[]> {
  const merged = new Map<string, string[]>();
  for (const listing of listings)
    for (const [name, rooms] of listing)
      merged.set(name, [...new Set([...(merged.get(name) ?? []), ...rooms])]);
  return merged;
}
