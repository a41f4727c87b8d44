/* oxlint-disable no-unused-vars -- data names a class, not the code */
import 'reflect-metadata';
import { Encoder } from '@msgpack/msgpack';
import { StreamMessage, type MessageClass } from '@nestwire/protocol';
import { JsonCodec, type Codec, type JsonLimits } from '@nestwire/protocol/codec';
import { Transform, Type } from '@nestwire/protocol/class-transformer';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  ArrayMaxSize,
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
  validateSync,
} from 'class-validator';
import { declaredClassOf } from '../../libs/streams/src/endpoint/endpoint-metadata.js';
import { ClientDecoder } from '../../libs/streams/src/validation/client-decoder.js';
import { MessageReaders } from '../../libs/streams/src/validation/message-reader.js';
import { cpuMsOf } from '../rig/cpu-ms.js';
import '../rig/message-libraries.js';

// A message that was refused cost up to 78 times as much as one that was accepted.

/** Measured: 0.2 to 1.9. The rest is for a loaded machine. */
const MOST_TIMES = 4;
const CONTROL_TIMES = 10;
const ROUNDS = 4;
const MORE_ROUNDS = 20;
const LIMITS: JsonLimits = { maxDepth: 32, maxNodes: 2_000, maxKeys: 256, maxItems: 10_000 };

class Item {
  @IsInt() n!: number;
  @IsOptional() @IsString() @MaxLength(20) s?: string;
}

class Inner {
  @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

class Tree {
  @IsString() label!: string;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Tree) children?: Tree[];
}

class GroupItem {
  @IsInt({ groups: ['a'] }) n!: number;
}

@StreamMessage('cost.lists')
class Lists {
  declare readonly $type: 'cost.lists';
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Item) items?: Item[];
  @IsOptional() @ArrayMaxSize(400) @ValidateNested({ each: true }) @Type(() => Item) few?: Item[];
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Inner) lists?: Inner[];
  @IsOptional() @ValidateNested() @Type(() => Tree) root?: Tree;
  @IsOptional() @IsInt({ each: true }) numbers?: number[];
  @IsOptional() @IsString({ each: true }) @MaxLength(50, { each: true }) texts?: string[];
  @IsOptional() untyped?: unknown;
}

@StreamMessage('cost.uncompiled')
class Uncompiled {
  declare readonly $type: 'cost.uncompiled';
  @IsOptional() @ValidateNested({ each: true }) @Type(() => GroupItem) grouped?: GroupItem[];
  @Transform(({ value }: { value: unknown }) => value)
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Item)
  transformed?: Item[];
}

const MANY = 400;
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
const good = (index: number): object => ({ n: index % 10 });
const keys = Object.fromEntries(times(200, (index) => [`${'k'.repeat(50)}${index}`, 1]));
const deep = (depth: number, label: unknown): object =>
  depth
    ? { label: 'x', children: [deep(depth - 1, label)] }
    : { label, children: times(400, () => ({ label: 'y' })) };

type Pair = readonly [name: string, cls: MessageClass, accepted: object, refused: object];

/** Messages of about the same size and shape, one of which is refused. */
const PAIRS: readonly Pair[] = [
  ['empty items', Lists, { items: times(MANY, good) }, { items: times(2 * MANY, () => ({})) }],
  [
    'one wrong item at the end',
    Lists,
    { items: times(MANY, good) },
    { items: [...times(MANY - 1, good), { n: 'x' }] },
  ],
  ['null for items', Lists, { items: times(MANY, good) }, { items: times(MANY, () => null) }],
  ['too many items', Lists, { few: times(MANY, good) }, { few: times(800, () => ({})) }],
  [
    'lists in a list',
    Lists,
    { lists: times(20, () => ({ items: times(45, good) })) },
    { lists: times(20, () => ({ items: times(90, () => ({})) })) },
  ],
  ['lists for items', Lists, { items: times(MANY, good) }, { items: times(MANY, () => [{}]) }],
  ['a wrong value deep in a tree', Lists, { root: deep(13, 'x') }, { root: deep(13, 5) }],
  [
    'wrong numbers',
    Lists,
    { numbers: times(3_000, (at) => at) },
    { numbers: times(3_000, (at) => at + 0.5) },
  ],
  [
    'texts that are too long',
    Lists,
    { texts: times(500, () => 'x'.repeat(48)) },
    { texts: times(400, () => 'x'.repeat(60)) },
  ],
  ['unknown keys', Lists, { untyped: keys }, keys],
  [
    'unknown keys in items',
    Lists,
    { items: times(300, () => ({ n: 1, s: 'x' })) },
    { items: times(300, () => ({ n: 1, z: 'x' })) },
  ],
  [
    'keys that every object has',
    Lists,
    { items: times(300, () => ({ n: 1, s: 'x' })) },
    { items: times(300, () => ({ n: 1, toString: 'x' })) },
  ],
  [
    'a bad tag at the end',
    Lists,
    { untyped: [...times(400, (a) => ({ a })), { $set: [] }] },
    { untyped: [...times(400, (a) => ({ a })), { $sxt: [] }] },
  ],
  ['groups', Uncompiled, { grouped: times(MANY, good) }, { grouped: times(2 * MANY, () => ({})) }],
  ['a @Transform', Uncompiled, { transformed: times(MANY, good) }, { transformed: times(MANY, () => ({})) }],
];

const encoder = new Encoder();
const CODECS: ReadonlyArray<
  readonly [name: string, codec: Codec, encode: (frame: object) => string | Uint8Array]
> = [
  ['JSON', new JsonCodec(LIMITS), (frame) => JSON.stringify(frame)],
  ['MessagePack', messagePack.withLimits(LIMITS), (frame) => encoder.encode(frame)],
];

const readers = new MessageReaders(declaredClassOf as never);
for (const cls of [Lists, Uncompiled]) readers.of(cls);

type Read = (cls: MessageClass, data: object) => unknown;

const read: Read = (cls, data) => readers.of(cls)(data);

const decoder = new ClientDecoder();
for (const cls of [Lists, Uncompiled]) decoder.accept(cls as never);

/** Refuses as it was before: with all that class-validator finds. */
const readAll: Read = (cls, data) => {
  const message = decoder.decode(cls, data);
  const errors = validateSync(message, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
  });
  if (errors.length) throw Object.assign(new Error(), { code: 'INVALID_MESSAGE' });
  return message;
};

interface Side {
  readonly codec: Codec;
  readonly cls: MessageClass;
  readonly payload: string | Uint8Array;
  readonly read: Read;
}

/** Returns the milliseconds of processor time of one reading. */
function timed(side: Side, isExpected: (verdict: boolean) => boolean): number {
  let verdict = false;
  const took = cpuMsOf(() => (verdict = isAccepted(side)));
  if (!isExpected(verdict)) throw new Error(`The message was ${verdict ? 'accepted' : 'refused'}.`);
  return took;
}

function isAccepted({ codec, cls, payload, read: readWith }: Side): boolean {
  const frame = codec.decodeClientFrame(payload) as { readonly data?: object };
  if (!frame.data) throw frame as Error;
  try {
    readWith(cls, frame.data);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'INVALID_MESSAGE') throw error;
    return false;
  }
}

/**
 * Returns how many times as much a byte of the refused message costs.
 *
 * Takes the least of many rounds: collections of garbage do not fall into each of them.
 */
function ratioOf(accepted: Side, refused: Side, enough: number): number {
  const least = { accepted: Infinity, refused: Infinity };
  let ratio = Infinity;
  for (let more = 0; more < MORE_ROUNDS && ratio > enough; more += 1) {
    for (let round = 0; round < ROUNDS; round += 1) {
      least.accepted = Math.min(
        least.accepted,
        timed(accepted, (verdict) => verdict),
      );
      least.refused = Math.min(
        least.refused,
        timed(refused, (verdict) => !verdict),
      );
    }
    ratio = least.refused / refused.payload.length / (least.accepted / accepted.payload.length);
  }
  return ratio;
}

function ratioOfPair(
  codecName: string,
  [, cls, accepted, refused]: Pair,
  readRefused: Read,
  enough: number,
): number {
  const [, codec, encode] = CODECS.find(([name]) => name === codecName)!;
  const payloadOf = (data: object) => encode({ t: 'message', id: 1, stream: 'e', type: 'x', data });
  return ratioOf(
    { codec, cls, payload: payloadOf(accepted), read },
    { codec, cls, payload: payloadOf(refused), read: readRefused },
    enough,
  );
}

function define(count: number): void {
  for (let number = 0; number < count; number += 1) {
    class Other {
      @IsInt() a!: number;
      @IsOptional() @IsString() @MaxLength(5) b?: string;
    }
    Object.defineProperty(Other, 'name', { value: `Other${number}` });
  }
}

describe.each([
  ['one class', 0],
  ['300 classes', 300],
])('In a process with %s, a refused message', (_, count) => {
  beforeAll(() => define(count));

  describe.each(CODECS.map(([name]) => name))('in %s', (codec) => {
    it.each(PAIRS.map((pair) => [pair[0], pair] as const))(
      'costs no more than an accepted one: %s',
      (_name, pair) => {
        const ratio = ratioOfPair(codec, pair, read, MOST_TIMES);
        if (process.env.COST_REPORT)
          process.stdout.write(`${count} ${codec} ${pair[0]}: ${ratio.toFixed(2)}\n`);
        expect(ratio).toBeLessThanOrEqual(MOST_TIMES);
      },
    );
  });

  it('costs far more where class-validator looks for all errors', () => {
    // A few rounds are enough: they only make the ratio smaller.
    expect(ratioOfPair('JSON', PAIRS[0]!, readAll, Infinity)).toBeGreaterThan(CONTROL_TIMES);
  });
});
