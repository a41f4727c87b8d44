import type { Cluster, Redis } from 'ioredis';
import type { Random } from './random.mjs';

type Client = Redis | Cluster;

const KINDS = ['string', 'list', 'set', 'zset', 'hash', 'stream'] as const;
const HUGE_BYTES = 2_000_000;
const MAX_KEPT = 50;
const TEXTS = [
  '',
  'junk',
  'NaN',
  '-1',
  '9'.repeat(17),
  '{}',
  '[1]',
  'null',
  '{"v":1}\n',
  '{"v":2,"e":"x"}\n{}',
  's{"code":"X"}',
  'nestwire.gap',
  '{"text":"x"},"stream":"other","more":{}',
  '{"text":{"$type":"nestwire.gap"}}',
  '{"text":{"$plain":null}}',
  '{"__proto__":{"text":"x"}}',
  '['.repeat(5_000),
] as const;

/** The target of junk: a Redis, and the real data in it. */
export interface JunkPlace {
  readonly client: Client;
  /** All keys of the application. */
  readonly keys: () => Promise<string[]>;
  /** All channels that somebody listens to. */
  readonly channels: () => Promise<string[]>;
  readonly publish: (channel: string, payload: Buffer) => Promise<unknown>;
}

/** Writes junk into keys and channels of Redis; the same seed chooses the same junk. */
export class RedisJunk {
  /** The keys that were written to. */
  readonly spoiled = new Set<string>();
  /** The actions, the last one first. */
  readonly steps: string[] = [];
  private readonly real: Buffer[] = [];

  constructor(
    private readonly random: Random,
    private readonly place: JunkPlace,
  ) {}

  /** Keeps what was really published, to change it. */
  heard(payload: Buffer): void {
    this.real.push(payload);
    if (this.real.length > MAX_KEPT) this.real.shift();
  }

  /** Does one random thing. */
  async step(): Promise<void> {
    await (this.random.once(2) ? this.publishJunk() : this.writeJunk());
  }

  /** Removes every key that was written to. */
  async remove(): Promise<void> {
    for (const key of this.spoiled) await this.place.client.del(key);
    this.spoiled.clear();
  }

  private async publishJunk(): Promise<void> {
    const channels = (await this.place.channels()).toSorted();
    if (channels.length === 0) return;
    const channel = this.random.pick(channels);
    const real = this.real.length > 0 && !this.random.once(3) ? this.random.pick(this.real) : undefined;
    const payload = real ? this.mutated(real) : this.bytes();
    this.note(`PUBLISH ${channel}`, payload);
    const times = this.random.once(10) ? 50 : 1;
    for (let count = 0; count < times; count++) await this.place.publish(channel, payload);
  }

  private async writeJunk(): Promise<void> {
    const keys = (await this.place.keys()).toSorted();
    if (keys.length === 0) return;
    // Each kind as often as another, however many keys there are of it.
    const kinds = [...new Set(keys.map(kindOf))];
    const kind = this.random.pick(kinds);
    const key = this.random.pick(keys.filter((each) => kindOf(each) === kind));
    this.spoiled.add(key);
    const change = this.random.once(3) ? this.replace(key) : this.change(key);
    // Junk of its own may make it another type than the command is for.
    await change.catch(() => undefined);
  }

  private async replace(key: string): Promise<void> {
    const { client } = this.place;
    const kind = this.random.pick(KINDS);
    const [one, other] = [this.bytes(), this.bytes()];
    this.note(`${kind} ${key}`, one);
    await client.del(key);
    if (kind === 'string') await client.set(key, one);
    if (kind === 'list') await client.rpush(key, one, other);
    if (kind === 'set') await client.sadd(key, one, other);
    if (kind === 'zset') await client.zadd(key, 1, one);
    if (kind === 'hash') await client.hset(key, one, other);
    if (kind === 'stream') await client.xadd(key, `${1 + this.random.below(50)}-0`, one, other);
  }

  /** Changes a key as it is: a part of it becomes another, or is cut off. */
  private async change(key: string): Promise<void> {
    const { client } = this.place;
    const kind = await client.type(key);
    if (kind === 'string') {
      const value = this.mutated((await client.getBuffer(key)) ?? Buffer.alloc(0));
      this.note(`SET ${key}`, value);
      await client.set(key, value, 'KEEPTTL');
    }
    if (kind === 'hash') {
      const fields = (await client.hkeys(key)).toSorted();
      const field = this.random.once(4) ? this.bytes() : Buffer.from(this.random.pick(fields));
      const value = this.mutated((await client.hgetBuffer(key, field)) ?? Buffer.alloc(0));
      this.note(`HSET ${key} ${field.toString('latin1').slice(0, 40)}`, value);
      await client.hset(key, field, value);
    }
    if (kind === 'set') {
      const member = this.bytes();
      this.note(`SADD ${key}`, member);
      await client.sadd(key, member);
    }
    if (kind === 'stream') await this.changeStream(key);
  }

  private async changeStream(key: string): Promise<void> {
    const { client } = this.place;
    const entries = await client.xrangeBuffer(key, '-', '+');
    if (entries.length === 0) return;
    const at = this.random.below(entries.length);
    this.note(`entry ${entries[at]![0].toString()} of ${key}`, Buffer.alloc(0));
    if (this.random.once(4)) return void (await client.xdel(key, entries[at]![0].toString()));
    const writing = entries.map(([id, fields], index) => {
      const field = this.random.below(fields.length);
      const isChanged = index === at;
      return [
        id,
        ...fields.map((value, place) => (isChanged && place === field ? this.mutated(value) : value)),
      ];
    });
    await client.del(key);
    for (const [id, ...fields] of writing) await client.xadd(key, id!, ...fields);
  }

  private mutated(bytes: Buffer): Buffer {
    switch (this.random.below(5)) {
      case 0:
        return bytes.subarray(0, this.random.below(bytes.length + 1));
      case 1:
        return Buffer.concat([bytes, this.bytes()]);
      case 2:
        return this.bytes();
      default: {
        const copy = Buffer.from(bytes);
        for (let count = this.random.below(4); count >= 0 && copy.length > 0; count--)
          copy[this.random.below(copy.length)] = this.random.below(256);
        return copy;
      }
    }
  }

  private bytes(): Buffer {
    if (this.random.once(25)) return Buffer.alloc(HUGE_BYTES, 'x');
    if (this.random.once(3))
      return Buffer.from(Array.from({ length: this.random.below(40) }, () => this.random.below(256)));
    return Buffer.from(this.random.pick(TEXTS));
  }

  private note(what: string, value: Buffer): void {
    this.steps.unshift(`${what} = ${JSON.stringify(value.toString('latin1').slice(0, 60))}`);
  }
}

/** Returns what kind of key it is: the text between the prefix and the hash. */
export function kindOf(key: string): string {
  const [, kind = '', name] = key.split(':');
  return kind === 'n' && name !== undefined ? 'n of a server' : kind;
}
