import { isChannelName } from '../../channel/channel-name.js';
import type { RedisCalls } from '../connection/redis-calls.js';
import type { PresenceKeys } from './redis-presence-keys.js';

/** The most channels that are cleaned concurrently. */
const MAX_BATCH = 100;
/** The most channels of one scan. */
const CHANNELS_PER_SCAN = 500;

/** The calls that a cleanup makes. */
export interface CleanupContext {
  readonly calls: RedisCalls;
  readonly keys: PresenceKeys;
  /** Removes the connections of a server from a channel. */
  readonly clear: (channel: string, server: string) => Promise<void>;
  /** Removes the server, after its connections. */
  readonly forget: (server: string) => Promise<void>;
  readonly isClosed: () => boolean;
}

/** Removes the connections that dead servers have left in channels. */
export class DeadServerCleanup {
  /** The dead servers, with channels to clean beside the ones in Redis. */
  private readonly servers = new Map<string, readonly string[]>();

  constructor(private readonly context: CleanupContext) {}

  /** Adds a dead server. */
  add(server: string, channels: readonly string[] = []): void {
    this.servers.set(server, channels);
  }

  /** Cleans up after all dead servers. Never rejects: the next run repeats a failed cleanup. */
  async run(): Promise<void> {
    for (const [server, channels] of [...this.servers]) {
      try {
        await this.cleanUp(server, channels);
        await this.context.forget(server);
        this.servers.delete(server);
      } catch {
        return;
      }
    }
  }

  private async cleanUp(server: string, channels: readonly string[]): Promise<void> {
    await this.clear(server, channels);
    // One page at a time, because another writer may have stored more channels than fit into memory.
    let cursor = '0';
    do {
      const [next, found] = await this.scan(server, cursor);
      await this.clear(server, found.filter(isChannelName));
      cursor = next;
    } while (cursor !== '0');
  }

  /** Reads a page of the channels of a server; a key of another type has none. */
  private async scan(server: string, cursor: string): Promise<[cursor: string, channels: string[]]> {
    const { calls, keys } = this.context;
    try {
      return await calls.run((client) =>
        client.sscan(keys.channelsOf(server), cursor, 'COUNT', CHANNELS_PER_SCAN),
      );
    } catch (error) {
      if ((error as Error).message.startsWith('WRONGTYPE')) return ['0', []];
      throw error;
    }
  }

  private async clear(server: string, channels: readonly string[]): Promise<void> {
    for (let at = 0; at < channels.length; at += MAX_BATCH) {
      if (this.context.isClosed()) throw new Error('The process shuts down; another one cleans up.');
      const batch = channels.slice(at, at + MAX_BATCH);
      await Promise.all(batch.map((channel) => this.context.clear(channel, server)));
    }
  }
}
