import { messageNameOf, type MessageClass } from '@nestwire/protocol';
import { encodeMessage } from '@nestwire/protocol/codec';
import { decoderOf } from '../../../libs/protocol/src/compiled/message-decoder.js';
import { transformFactsOf } from '../../../libs/protocol/src/compiled/transform-facts.js';
import { validatedProperties } from '../../../libs/streams/src/validation/message-metadata.js';
import { MessageReaders, type MessageReader } from '../../../libs/streams/src/validation/message-reader.js';
import { CONSTRAINTS } from './constraint-table.js';
import { compiled, type Subject } from './differences.js';
import { outer } from './shape.js';

type Properties = Record<string, unknown>;

class Untyped {}

/** Knows nothing of @Type and @Transform. */
const decodeUntyped = decoderOf(Untyped);

function asUntyped(cls: MessageClass, data: object): object {
  const made = decodeUntyped(data);
  return made ? (Object.setPrototypeOf(made, cls.prototype as object) as object) : compiled.decode(cls, data);
}

function factsOf(cls: MessageClass): ReturnType<typeof transformFactsOf> {
  return transformFactsOf(cls as never);
}

/** Decoders, each with something left out. */
export const BROKEN_DECODERS: Readonly<Record<string, Subject['decode']>> = {
  'ignores @Transform, @Expose and @Exclude': (cls, data) =>
    factsOf(cls) ? compiled.decode(cls, data) : asUntyped(cls, data),
  'ignores @Type': (cls, data) => (factsOf(cls) ? asUntyped(cls, data) : compiled.decode(cls, data)),
  'asks @Type but once': (cls, data) => {
    outer.isFlipped = false;
    return compiled.decode(cls, data);
  },
  'assigns whatever there is': (cls, data) =>
    factsOf(cls)?.types.size === 0 && !JSON.stringify(data).includes('$')
      ? Object.assign(new (cls as new () => object)(), data)
      : compiled.decode(cls, data),
  'takes tags for objects': (cls, data) =>
    factsOf(cls)?.types.size === 0 && !('$type' in data)
      ? Object.assign(new (cls as new () => object)(), data)
      : compiled.decode(cls, data),
  'puts keys in another order': (cls, data) =>
    compiled.decode(cls, Object.fromEntries(Object.entries(data).reverse())),
  'changes its data': (cls, data) => {
    const made = compiled.decode(cls, data);
    delete (data as Properties).at;
    return made;
  },
};

/** Reads as the compiled code does, but takes what `accepts` accepts. */
function readingBy(accepts: (message: object, cls: MessageClass) => boolean): Subject['read'] {
  return (cls): MessageReader => {
    const read = compiled.read(cls);
    return (data) => {
      const message = compiled.decode(cls, data);
      return accepts(message, cls) ? (message as never) : read(data);
    };
  };
}

function namesOf(cls: MessageClass): ReadonlySet<string> {
  return new Set(validatedProperties(cls as never).map(({ name }) => name));
}

const withoutDeclared = new MessageReaders(() => undefined);

/** Readers, each with something left out of its check. */
export const BROKEN_READERS: Readonly<Record<string, Subject['read']>> = {
  'forgets which class a property declares': (cls) => withoutDeclared.of(cls),
  'lets everything pass': readingBy(() => true),
  'lets unknown properties pass': (cls) => {
    const read = compiled.read(cls);
    const names = namesOf(cls);
    return (data) => {
      const message = compiled.decode(cls, data) as Properties;
      const known = Object.fromEntries(Object.entries(data).filter(([key]) => names.has(key)));
      return Object.keys(message).some((key) => !names.has(key)) ? read(known) : read(data);
    };
  },
  'checks asynchronous constraints by half': (cls) => {
    const read = compiled.read(cls);
    return (data) => {
      const answer = read(data);
      if (!(answer instanceof Promise)) return answer;
      answer.catch(() => undefined);
      return compiled.decode(cls, data) as never;
    };
  },
};

/** Reads without any of the constraints that stand alone in a class; unknown properties stay unknown. */
export const readForgettingConstraints: Subject['read'] = readingBy(
  (message, cls) =>
    CONSTRAINTS.has(cls.name.replace(/^Only/, '')) &&
    Object.keys(message).every((key) => key === 'value' || key === 'list'),
);

/** The rules of a simple encoder. */
export const ENCODER_RULES = [
  ...['tags', 'names', 'text', 'numbers', 'dates', 'order', 'nested messages', 'undefined items'],
  ...['@Transform and @Type', 'methods'],
] as const;

type EncoderRule = (typeof ENCODER_RULES)[number];

/** An encoder in few words, which may forget a rule; what it does not know is left to the libraries. */
export function simpleEncoder(forgotten?: EncoderRule): Subject['encode'] {
  const encoder = new SimpleEncoder(forgotten);
  return (message) => {
    const type = messageNameOf(message?.constructor);
    try {
      return type ? { type, data: encoder.write(message, { start: '', depth: 0 }) } : encodeMessage(message);
    } catch {
      return encodeMessage(message);
    }
  };
}

interface Place {
  readonly start: string;
  readonly depth: number;
}

class SimpleEncoder {
  constructor(private readonly forgotten: EncoderRule | undefined) {}

  write(source: object, { start, depth }: Place): string {
    this.#mind('@Transform and @Type', this.#isSimple(source.constructor));
    this.#mind('methods', !depth || !('toJSON' in source));
    if (Symbol.toStringTag in source || Object.getPrototypeOf(source) !== source.constructor.prototype)
      throw new Error('hides something');
    const entries = Object.entries(source).map(([key, value]) => [key, value] as const);
    const written = entries.flatMap(([key, value]) => {
      this.#mind('tags', key[0] !== '$');
      this.#mind('names', !(key in Object.prototype));
      this.#mind('order', start === '' || !/^\d/.test(key));
      return value === undefined ? [] : [`${this.#quoted(key)}:${this.#value(value, depth + 1)}`];
    });
    return `{${[...(start ? [start] : []), ...written].join()}}`;
  }

  #isSimple(cls: unknown): boolean {
    return cls === Object || transformFactsOf(cls as never)?.types.size === 0;
  }

  #mind(rule: EncoderRule, isRecoverable: boolean): void {
    if (!isRecoverable && this.forgotten !== rule) throw new Error(`not sure about ${rule}`);
  }

  /** Half a surrogate pair is mended in texts, and stays in names. */
  #text(text: string): string {
    return this.#quoted(text.replace(/\p{Surrogate}/gu, '\ufffd'));
  }

  #quoted(text: string): string {
    return this.forgotten === 'text' ? `"${text}"` : JSON.stringify(text);
  }

  #value(value: unknown, depth: number): string {
    if (depth > 40) throw new Error('too deep');
    if (value === null || typeof value === 'boolean') return `${value}`;
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'number') return this.#number(value);
    if (typeof value !== 'object') throw new Error('not known');
    if (Array.isArray(value)) return this.#items(value as unknown[], depth);
    if (value instanceof Date) return this.#date(value);
    if (value instanceof Map || value instanceof Set) throw new Error('not known');
    const name = messageNameOf(value.constructor);
    const isNamed = name && this.forgotten !== 'nested messages';
    return this.write(value, { start: isNamed ? `"$type":"${name}"` : '', depth });
  }

  #number(value: number): string {
    this.#mind('numbers', Number.isFinite(value) && !Object.is(value, -0));
    return JSON.stringify(value);
  }

  #items(items: unknown[], depth: number): string {
    const written = Array.from(items, (item) => {
      this.#mind('undefined items', item !== undefined);
      return item === undefined ? 'null' : this.#value(item, depth + 1);
    });
    return `[${written.join()}]`;
  }

  #date(date: Date): string {
    const { toISOString, valueOf } = Date.prototype;
    this.#mind('dates', date.toISOString === toISOString && date.valueOf === valueOf);
    return `{"$date":"${date.toISOString()}"}`;
  }
}
