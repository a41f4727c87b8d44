import type { Redis } from 'ioredis';
import { RedisScript } from '../connection/redis-script.js';
import type { WriteCork } from '../connection/write-cork.js';
import { APPEND_ITEMS_SCRIPT } from './call-scripts.js';

/** The bounds of one command; an append that exceeds them is a command of its own. */
const MAX_COMMAND_ITEMS = 512;
const MAX_COMMAND_CHARACTERS = 262_144;

/** Sends a command to Redis; rejects when it fails or exceeds the deadline. */
export type AskRedis = <T>(command: (client: Redis) => Promise<T>) => Promise<T>;

/** The access of a writer to Redis. */
export interface WriterParts {
  readonly ask: AskRedis;
  readonly cork: WriteCork;
  /** True when the keys of two calls may be on two servers. */
  readonly isCluster: boolean;
}

/** An append that is not sent yet. */
interface DueAppend {
  /** The hash and the list of the call. */
  readonly keys: readonly string[];
  readonly items: readonly string[];
  readonly resolve: (isStored: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** Appends items of calls; those of one turn are one command, within bounds. */
export class RedisItemWriter {
  private readonly script = new RedisScript(APPEND_ITEMS_SCRIPT);
  private due: DueAppend[] = [];

  constructor(private readonly parts: WriterParts) {}

  /** Appends items to a call; resolves to false when the call is unknown or has an end. */
  append(keys: readonly string[], items: readonly string[]): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.due.push({ keys, items, resolve, reject }) === 1) setImmediate(() => this.flush());
    });
  }

  private flush(): void {
    const { due } = this;
    this.due = [];
    this.parts.cork.join(() => {
      for (const appends of this.commandsOf(due)) void this.send(appends);
    });
  }

  /** Splits the appends into commands, in their order. */
  private commandsOf(due: readonly DueAppend[]): DueAppend[][] {
    const commands: DueAppend[][] = [];
    let command: DueAppend[] = [];
    let [count, characters] = [Infinity, 0];
    for (const append of due) {
      const size = append.items.reduce((sum, { length }) => sum + length, 0);
      count += append.items.length;
      characters += size;
      if (this.parts.isCluster || count > MAX_COMMAND_ITEMS || characters > MAX_COMMAND_CHARACTERS) {
        commands.push((command = []));
        [count, characters] = [append.items.length, size];
      }
      command.push(append);
    }
    return commands;
  }

  private async send(appends: readonly DueAppend[]): Promise<void> {
    const keys = appends.flatMap((append) => append.keys);
    const args = [...appends.map(({ items }) => items.length), ...appends.flatMap(({ items }) => items)];
    try {
      const replies = await this.parts.ask((client) => this.script.run({ client, keys, args }));
      const stored: unknown[] = Array.isArray(replies) ? replies : [];
      for (const [index, { resolve }] of appends.entries()) resolve(stored[index] === 1);
    } catch (error) {
      for (const { reject } of appends) reject(error);
    }
  }
}
