import type { StreamGapReason } from '@nestwire/protocol';
import { SYSTEM_CLOCK, type Clock } from '../scheduling/clock.js';
import { positionOf, type Position } from './position.js';
import { gapBehind, type HistoryPage } from './recovery.js';
import type { HistoryStore } from './history-store.js';
import type { StoredMessage } from './stored-message.js';
import {
  MAX_FETCHED_BYTES,
  ConsumerStore,
  CONSUMER_TTL_MS,
  type ConsumerShare,
  type ConsumerWork,
  type FetchedWork,
  type FetchRequest,
} from './consumer-store.js';

const ALL = { messages: 100_000, bytes: Infinity };

/** Work that was delivered, or must be delivered again. */
interface Given {
  work: ConsumerWork;
  holder: string;
  dueAtMs: number;
}

interface Place {
  position: Position | undefined;
  gaps: number;
  usedAtMs: number;
  readonly given: Map<string, Given>;
  /** Settles after the present fetch. */
  line: Promise<unknown>;
}

/** Stores the durable consumers of one process in its memory. */
export class LocalConsumerStore extends ConsumerStore {
  private readonly places = new Map<string, Place>();

  constructor(
    private readonly history: HistoryStore,
    private readonly clock: Clock = SYSTEM_CLOCK,
  ) {
    super();
  }

  fetch(consumer: ConsumerShare, request: FetchRequest): Promise<FetchedWork> {
    const place = this.placeOf(consumer);
    place.usedAtMs = this.clock.now();
    // One after the other, because a fetch reads the history before it knows its work.
    const taken = place.line.then(() => this.fetchFrom(consumer, place, request));
    place.line = taken.catch(() => undefined);
    return taken;
  }

  async renew(consumer: ConsumerShare, works: readonly ConsumerWork[], leaseMs: number): Promise<boolean[]> {
    const place = this.placeOf(consumer);
    const dueAtMs = this.clock.now() + leaseMs;
    return works.map((work) => {
      const given = ownOf(place, consumer, work);
      if (given) Object.assign(given, { work, dueAtMs });
      return given !== undefined;
    });
  }

  private placeOf({ channel, name }: ConsumerShare): Place {
    const key = `${channel.name}\n${name}`;
    const known = this.places.get(key);
    if (known) return known;
    this.forget();
    const usedAtMs = this.clock.now();
    const place: Place = {
      position: undefined,
      gaps: 0,
      usedAtMs,
      given: new Map(),
      line: Promise.resolve(),
    };
    this.places.set(key, place);
    return place;
  }

  private async fetchFrom(
    consumer: ConsumerShare,
    place: Place,
    request: FetchRequest,
  ): Promise<FetchedWork> {
    for (const work of request.settled) if (ownOf(place, consumer, work)) place.given.delete(work.key);
    const messages = await this.next(consumer, place, request.limit);
    const dueAtMs = this.clock.now() + request.leaseMs;
    const works: ConsumerWork[] = [];
    for (const { work } of this.due(place)) {
      if (works.length === request.limit) break;
      works.push({ ...work, attempt: work.attempt + 1 });
    }
    for (const message of messages) {
      if (works.length === request.limit) break;
      place.position = positionOf(message);
      const key = String(message.offset);
      works.push({ key, attempt: 1, position: place.position, message, gap: undefined });
    }
    for (const work of works) place.given.set(work.key, { work, holder: consumer.holder, dueAtMs });
    return { works, waitMs: this.waitMs(place, works) };
  }

  /** Reads the messages after the position; adds a gap when the history does not continue it. */
  private async next(
    consumer: ConsumerShare,
    place: Place,
    limit: number,
  ): Promise<readonly StoredMessage[]> {
    const { channel, from } = consumer;
    if (!place.position) {
      const page = await this.history.read(channel, { last: from === 'head' ? 0 : ALL.messages }, ALL);
      const position = (place.position = beginningOf(page));
      if (from === 'known') addGap(place, { gap: 'epoch-changed', position }, this.clock.now());
    }
    const limits = { messages: Math.max(1, limit), bytes: MAX_FETCHED_BYTES };
    const page = await this.history.read(channel, { since: place.position }, limits);
    const reason = gapBehind(place.position, page);
    if (!reason) return page.messages;
    const rest = await this.history.read(channel, { last: ALL.messages }, ALL);
    const position = (place.position = beginningOf(rest));
    if (reason === 'epoch-changed') dropMessages(place);
    addGap(place, { gap: reason, position }, this.clock.now());
    return rest.messages;
  }

  private due({ given }: Place): Given[] {
    const nowMs = this.clock.now();
    const due = [...given.values()].filter(({ dueAtMs }) => dueAtMs <= nowMs);
    return due.sort((one, other) => orderOf(one.work) - orderOf(other.work));
  }

  private waitMs({ given }: Place, works: readonly ConsumerWork[]): number | undefined {
    const own = new Set(works.map(({ key }) => key));
    const others = [...given].filter(([key]) => !own.has(key)).map(([, { dueAtMs }]) => dueAtMs);
    return others.length > 0 ? Math.max(0, Math.min(...others) - this.clock.now()) : undefined;
  }

  private forget(): void {
    const endMs = this.clock.now() - CONSUMER_TTL_MS;
    for (const [key, { usedAtMs }] of this.places) if (usedAtMs <= endMs) this.places.delete(key);
  }
}

function ownOf(
  { given }: Place,
  { holder }: ConsumerShare,
  { key, position }: ConsumerWork,
): Given | undefined {
  const found = given.get(key);
  return found?.holder === holder && found.work.position.id === position.id ? found : undefined;
}

/** Removes the messages of another epoch, whose keys may come again. */
function dropMessages({ given }: Place): void {
  for (const [key, { work }] of given) if (work.message) given.delete(key);
}

function addGap(
  place: Place,
  gap: { readonly gap: StreamGapReason; readonly position: Position },
  dueAtMs: number,
): void {
  const key = `g${++place.gaps}`;
  const work = { key, attempt: 0, message: undefined, ...gap };
  place.given.set(key, { work, holder: '', dueAtMs });
}

/** Returns the position before the first message of an uncut page. */
function beginningOf({ head, messages: [first] }: HistoryPage): Position {
  return first ? { epoch: head.epoch, offset: first.offset - 1, id: first.previousId } : head;
}

/** Returns the sort order of work: a gap follows the message at its position. */
function orderOf({ position, gap }: ConsumerWork): number {
  return gap ? position.offset + 0.5 : position.offset;
}
