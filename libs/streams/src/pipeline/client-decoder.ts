import {
  decodeMessage,
  messageClassNamed,
  messageNameOf,
  type ErrorDetail,
  type Message,
  type MessageClass,
} from '@nestwire/protocol';
import { decodeQuickly, decoratedNamesOf, typedClassesOf } from '@nestwire/protocol/compiled';
import { hasItems } from './collection-items.js';
import { invalidMessage, MAX_DETAILS } from './message.details.js';
import { validatedProperties, type ValidatedClass } from './message.metadata.js';

type Properties = Readonly<Record<string, unknown>>;

/** Names that begin so belong to messages of this library. */
const RESERVED_NAMES = 'nestwire.';
const TYPE_TAG = '$type';
const PLAIN_TAG = '$plain';
const SET_TAG = '$set';
const MAP_TAG = '$map';
const FOREIGN = 'names a class that is not accepted here';

/** How the keys of an object in data are read: tags count in values alone. */
type Role = 'root' | 'plain' | 'value';

/** A value in data, and what was made of it. */
interface Pair {
  readonly data: unknown;
  readonly made: unknown;
  readonly path: string[];
  readonly role: Role;
}

/**
 * Makes instances from the data that clients send.
 *
 * A `$type` names only a class that an endpoint handles, or one that `@Type` gives to a property of such
 * a class, however deep. Keys that class-transformer would leave out without a word are refused.
 */
export class ClientDecoder {
  private readonly names = new Set<string>();
  private readonly seen = new Set<unknown>();
  private readonly own = new WeakMap<object, ReadonlySet<string>>();

  /** Lets data name a class, and the classes that its properties have. */
  accept(cls: ValidatedClass): void {
    if (this.seen.has(cls)) return;
    this.seen.add(cls);
    const name = messageNameOf(cls);
    if (name !== undefined && !name.startsWith(RESERVED_NAMES)) this.names.add(name);
    for (const typed of typedClassesOf(cls)) this.accept(typed);
  }

  /**
   * Makes an instance of a class from the data of a frame.
   *
   * @throws {CodedError} INVALID_MESSAGE when a value, a class or a key is not acceptable
   */
  decode(cls: MessageClass, data: object): Message {
    // Compiled code makes no instance of another class than the declared one, and leaves out no key.
    return decodeQuickly(cls, data) ?? this.decodeByLibraries(cls, data);
  }

  /**
   * Makes the same instance without compiled code.
   *
   * @throws {CodedError} INVALID_MESSAGE as `decode`
   */
  decodeByLibraries(cls: MessageClass, data: object): Message {
    const foreign = this.foreignType(data, 'root');
    if (foreign) throw invalidMessage([{ path: foreign.join('.'), message: FOREIGN }]);
    const message = decodeMessage(cls, data);
    const leftOut: ErrorDetail[] = [];
    this.findLeftOut({ data, made: message, path: [], role: 'root' }, leftOut);
    if (leftOut.length) throw invalidMessage(leftOut);
    return message;
  }

  /** Returns the path to a `$type` that data may not name. */
  private foreignType(data: unknown, role: Role): string[] | undefined {
    if (!isTree(data)) return undefined;
    if (role === 'value' && TYPE_TAG in data && !this.mayName(data[TYPE_TAG])) return [];
    for (const key of Object.keys(data)) {
      const found = this.foreignType(data[key], roleOf(key, role));
      if (found) return [key, ...found];
    }
    return undefined;
  }

  /** Decoding itself refuses a name that no class has. */
  private mayName(name: unknown): boolean {
    return this.names.has(name as string) || !messageClassNamed(name as string);
  }

  private findLeftOut(pair: Pair, details: ErrorDetail[]): void {
    const { data, made, path, role } = pair;
    if (!isTree(data) || typeof made !== 'object' || made === null || details.length === MAX_DETAILS) return;
    const own = this.namesOf(made);
    for (const key of Object.keys(data)) {
      path.push(key);
      if (own && isHidden(key, pair, own)) details.push(unknownProperty(path));
      else {
        const inner = { data: data[key], made: heldBy(pair, key), path, role: roleOf(key, role) };
        this.findLeftOut(inner, details);
      }
      path.pop();
    }
  }

  /** Returns the names of the properties of an instance's class; undefined for what is of no class. */
  private namesOf(made: object): ReadonlySet<string> | undefined {
    const { constructor } = made;
    if (constructor === Object || typeof constructor !== 'function' || hasItems(made)) return undefined;
    const known = this.own.get(constructor);
    if (known) return known;
    const validated = validatedProperties(constructor as ValidatedClass).map(({ name }) => name);
    const names = new Set([...validated, ...decoratedNamesOf(constructor as never)]);
    this.own.set(constructor, names);
    return names;
  }
}

function isTree(data: unknown): data is Properties {
  return typeof data === 'object' && data !== null && !(data instanceof Date) && !ArrayBuffer.isView(data);
}

/** Returns what stands in an instance where data has a key. */
function heldBy({ made, role }: Pair, key: string): unknown {
  if (role === 'value') {
    if (key === PLAIN_TAG) return made;
    if ((key === SET_TAG && made instanceof Set) || (key === MAP_TAG && made instanceof Map))
      return [...made];
  }
  return (made as Properties)[key];
}

/** Tells whether class-transformer leaves a key out: the prototype has it, and no decorator tells of it. */
function isHidden(key: string, { made, role }: Pair, own: ReadonlySet<string>): boolean {
  if (own.has(key) || (role === 'value' && key === TYPE_TAG)) return false;
  return key in (Object.getPrototypeOf(made) as object);
}

function unknownProperty(path: readonly string[]): ErrorDetail {
  return { path: path.join('.'), message: `property ${path.at(-1)} should not exist` };
}

function roleOf(key: string, role: Role): Role {
  return key === PLAIN_TAG && role === 'value' ? 'plain' : 'value';
}
