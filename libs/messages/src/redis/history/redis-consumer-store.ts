import type { StreamGapReason } from '@nestwire/protocol';
import type { Cluster, Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import {
  MAX_FETCHED_BYTES,
  ConsumerStore,
  CONSUMER_TTL_MS,
  type ConsumerShare,
  type ConsumerWork,
  type FetchedWork,
  type FetchRequest,
} from '../../history/consumer-store.js';
import type { StoredMessage } from '../../history/stored-message.js';
import type { MessagesError } from '../../messages.error.js';
import type { ChannelKeys } from './channel-keys.js';
import { RENEW, FETCH } from './consumer-scripts.js';
import { isStrings } from './history-replies.js';
import { unreadable } from '../connection/redis.errors.js';
import { headMsOf } from './head-lifetime.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import type { RedisScript } from '../connection/redis-script.js';
import { readContent } from '../connection/untrusted.js';
import { withinDeadline } from '../connection/within-deadline.js';

const PARTS = 6;

/** The parts of the broker that durable consumers use. */
export interface ConsumersLink {
  readonly client: Redis | Cluster;
  readonly keys: ChannelKeys;
  readonly maxMessageBytes: number;
  readonly isClosed: () => boolean;
  /** Called for each undecodable entry. */
  readonly undecodable: (channel: string, error: Error) => void;
  /** Called with each error of Redis. */
  readonly refused: (operation: string, error: Error) => void;
}

/**
 * Stores durable consumers in Redis.
 *
 * Each consumer has one hash, in the slot of its channel.
 *
 * It does not use a consumer group of Redis: a group ends with the stream, which expires; it ignores epochs and
 * timelines; and it skips trimmed messages silently.
 */
export class RedisConsumerStore extends ConsumerStore {
  constructor(
    private readonly link: ConsumersLink,
    private readonly tuning: ResolvedTuning,
  ) {
    super();
  }

  async fetch(share: ConsumerShare, { settled, limit, leaseMs }: FetchRequest): Promise<FetchedWork> {
    const { channel, from, holder } = share;
    const { meta, stream } = this.link.keys.of(channel.name);
    const epoch = randomBytes(16).toString('base64url');
    const reply = await this.run(
      FETCH,
      [meta, stream, this.keyOf(share)],
      [
        ...[epoch, channel.name, headMsOf(channel), from, CONSUMER_TTL_MS, holder],
        ...[leaseMs, limit, MAX_FETCHED_BYTES, this.link.maxMessageBytes],
        ...settled.flatMap((work) => [work.key, proofOf(work)]),
      ],
    );
    if (!isStrings(reply)) throw this.unreadable(new Error('the reply is malformed'));
    return this.fetchedOf(channel.name, reply);
  }

  async renew(share: ConsumerShare, works: readonly ConsumerWork[], leaseMs: number): Promise<boolean[]> {
    const args = works.flatMap((work) => [work.key, proofOf(work), work.attempt]);
    const reply = await this.run(RENEW, [this.keyOf(share)], [share.holder, leaseMs, ...args]);
    // Without a confirmation another share may get the work.
    return works.map((_, index) => Array.isArray(reply) && reply[index] === 1);
  }

  private async run(
    script: RedisScript,
    keys: readonly string[],
    args: ReadonlyArray<string | number>,
  ): Promise<unknown> {
    const closed = 'The application has shut down';
    if (this.link.isClosed()) throw unreadable(new Error(closed), closed);
    const run = script.run({ client: this.link.client, keys, args });
    return withinDeadline(run, this.tuning).catch((error: Error) => {
      throw this.unreadable(error);
    });
  }

  private unreadable(error: Error): MessagesError {
    this.link.refused('a durable consumer', error);
    return unreadable(error);
  }

  private fetchedOf(channel: string, [epoch = '', waitMs = '-1', ...parts]: readonly string[]): FetchedWork {
    const works: ConsumerWork[] = [];
    for (let at = 0; at < parts.length; at += PARTS) {
      const work = workOf(epoch, parts.slice(at, at + PARTS));
      works.push(work.message ? this.read(channel, work, work.message) : work);
    }
    return { works, waitMs: waitMs === '-1' ? undefined : Number(waitMs) };
  }

  /** Replaces an undecodable message by a gap. */
  private read(channel: string, work: ConsumerWork, message: StoredMessage): ConsumerWork {
    try {
      readContent(message, this.link.maxMessageBytes);
      return work;
    } catch (error) {
      this.link.undecodable(channel, error as Error);
      return { ...work, message: undefined, gap: 'unreadable' };
    }
  }

  private keyOf({ channel, name }: ConsumerShare): string {
    return this.link.keys.of(channel.name).consumerStart + name;
  }
}

/** Returns a text that distinguishes work from other work with the same key. */
function proofOf({ key, gap, position: { epoch, offset, id } }: ConsumerWork): string {
  // A gap in place of an undecodable message has the key of the message.
  return isGapKey(key) ? `${gap}:${epoch}:${offset}:${id}` : id;
}

function isGapKey(key: string): boolean {
  return key.startsWith('g');
}

function workOf(epoch: string, parts: readonly string[]): ConsumerWork {
  const [key = '', attempt, id = '', previousId = '', type = '', data = ''] = parts;
  const work = { key, attempt: Number(attempt) };
  if (!isGapKey(key)) {
    const position = { epoch, offset: Number(key), id };
    return { ...work, position, message: { ...position, previousId, type, data }, gap: undefined };
  }
  const [gap = '', itsEpoch = '', offset, itsId = ''] = id.split(':');
  const position = { epoch: itsEpoch, offset: Number(offset), id: itsId };
  return { ...work, position, message: undefined, gap: gap as StreamGapReason };
}
