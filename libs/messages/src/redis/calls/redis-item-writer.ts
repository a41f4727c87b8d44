import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RedisScript } from '../connection/redis-script.js';
import type { WriteCork } from '../connection/write-cork.js';
import { APPEND_ITEMS_SCRIPT } from './call-scripts.js';

/** The bounds of one command; an append that exceeds them is a command of its own. */
const MAX_COMMAND_ITEMS = 512;
const MAX_COMMAND_CHARACTERS = 262_144;

/** The start of the error of a server that runs no command on the keys of several slots. */
const REFUSED_JOIN = 'CROSSSLOT';
const JOIN_REFUSED =
  'Redis refuses commands on the keys of several slots (CROSSSLOT), so the items of each resumable call take a ' +
  'command of their own. If it is a Cluster, give the option redis its "nodes". This is logged once.';

/** Sends a command to Redis; rejects when it fails or exceeds the deadline. */
export type AskRedis = <T>(command: (client: Redis) => Promise<T>) => Promise<T>;

/** The access of a writer to Redis. */
export interface WriterParts {
  readonly ask: AskRedis;
  /** Creates the error of a call that Redis refuses to append to. */
  readonly failureOf: (cause: Error) => Error;
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

/**
 * Appends items of calls; those of one turn are one command, within bounds.
 *
 * A Cluster, and a server that refuses such a command, get one command for each append.
 */
export class RedisItemWriter {
  private readonly logger = new Logger('Messages');
  private readonly script = new RedisScript(APPEND_ITEMS_SCRIPT);
  private due: DueAppend[] = [];
  private joins: boolean;

  constructor(private readonly parts: WriterParts) {
    this.joins = !parts.isCluster;
  }

  /** Appends items to a call; resolves to false when the call is unknown or has an end. */
  append(keys: readonly string[], items: readonly string[]): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.due.push({ keys, items, resolve, reject }) === 1) setImmediate(() => this.flush());
    });
  }

  private flush(): void {
    const { due } = this;
    this.due = [];
    this.sendAll(due);
  }

  private sendAll(appends: readonly DueAppend[]): void {
    this.parts.cork.join(() => {
      for (const command of this.commandsOf(appends)) void this.send(command);
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
      if (!this.joins || count > MAX_COMMAND_ITEMS || characters > MAX_COMMAND_CHARACTERS) {
        commands.push((command = []));
        [count, characters] = [append.items.length, size];
      }
      command.push(append);
    }
    return commands;
  }

  private async send(appends: readonly DueAppend[]): Promise<void> {
    const keys = appends.flatMap((append) => append.keys);
    const args = [countsOf(appends), ...appends.flatMap(({ items }) => items)];
    try {
      const replies = await this.parts.ask((client) => this.script.run({ client, keys, args }));
      this.settle(appends, Array.isArray(replies) ? replies : []);
    } catch (error) {
      // The producer of a call appends one batch at a time, so no later items overtake these.
      if (appends.length > 1 && isRefusedJoin(error)) return this.sendApart(appends);
      for (const { reject } of appends) reject(error);
    }
  }

  /** Sends the appends of a refused command again, and those of all later commands, one by one. */
  private sendApart(appends: readonly DueAppend[]): void {
    if (this.joins) this.logger.warn(JOIN_REFUSED);
    this.joins = false;
    this.sendAll(appends);
  }

  private settle(appends: readonly DueAppend[], replies: readonly unknown[]): void {
    for (const [index, { resolve, reject }] of appends.entries()) {
      const reply = replies[index];
      if (typeof reply === 'string') reject(this.parts.failureOf(new Error(reply)));
      else resolve(reply === 1);
    }
  }
}

/** Returns the numbers of items of all appends; an empty text when each has one, as most have. */
function countsOf(appends: readonly DueAppend[]): string {
  const isOneEach = appends.every(({ items }) => items.length === 1);
  return isOneEach ? '' : appends.map(({ items }) => items.length).join(' ');
}

function isRefusedJoin(error: unknown): boolean {
  // Such a command has changed nothing.
  return (
    error instanceof Error && error.cause instanceof Error && error.cause.message.startsWith(REFUSED_JOIN)
  );
}
