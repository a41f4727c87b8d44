import { CodedError, ErrorCode } from '@nestwire/protocol';
import type { ErrorDetail, Message, MessageClass, UnknownProperties } from '@nestwire/protocol';
import { decodeMessage, decodePresent, isPresent, reviveMessage } from '@nestwire/protocol/internal';
import {
  AcceptedClasses,
  declareProperties,
  decodeQuickly,
  decodeUntypedQuickly,
  decoratedNamesOf,
  renamedPropertiesOf,
  transformFactsOf,
  typedClassesOf,
  isTree,
  roleOf,
  type DataRole,
  type TransformFacts,
} from '@nestwire/protocol/compiled';
import { hasItems } from './collection-items.js';
import { invalidMessage, MAX_DETAILS, unknownProperty } from './message-details.js';
import { validatedProperties, type ValidatedClass } from './message-metadata.js';

type Properties = Readonly<Record<string, unknown>>;

const TYPE_TAG = '$type';
const PLAIN_TAG = '$plain';
const SET_TAG = '$set';
const MAP_TAG = '$map';
const BIGINT_TAG = '$bigint';
const NUMBER_TAG = '$number';
const PROTO = '__proto__';
const FOREIGN = 'names a class that is not accepted here';

/** A value in data and its decoded value. */
interface Pair {
  readonly data: unknown;
  readonly made: unknown;
  readonly path: string[];
  readonly role: DataRole;
}

/** The known property names of a class. */
interface ClassNames {
  /** The decorated names. */
  readonly own: ReadonlySet<string>;
  /** The renamed properties, by their name in data. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Undefined when the class of nested values cannot be determined from the data. */
  readonly facts: TransformFacts | undefined;
}

/** The state of a search for hidden keys. */
interface Search {
  readonly path: string[];
  readonly details: ErrorDetail[];
}

/**
 * Decodes the data of clients.
 *
 * A `$type` may only name a class that an endpoint handles, or that `@Type` gives to a property of such a
 * class, recursively. Keys that class-transformer would silently drop are refused.
 */
export class ClientDecoder {
  private readonly accepted = new AcceptedClasses();
  private readonly known = new WeakMap<object, ClassNames>();

  /** Accepts a class and the classes of its properties as `$type`. */
  accept(cls: ValidatedClass): void {
    this.accepted.accept(cls);
    this.declare(cls, new Set());
  }

  /**
   * Decodes the data of a frame as an instance of a class.
   *
   * @throws {CodedError} INVALID_MESSAGE when a value, a class or a key is not acceptable
   * @throws {CodedError} UNKNOWN_VERSION when the data has a later version than the class
   */
  decode(cls: MessageClass, data: object, unknown: UnknownProperties = 'refuse'): Message {
    // Compiled code drops no keys and makes only instances of declared classes.
    return decodeQuickly(cls, data) ?? this.decodeByLibraries(cls, data, unknown);
  }

  /**
   * Decodes the data of a frame as plain properties, for the schema of a class.
   *
   * @throws {CodedError} INVALID_MESSAGE when a value, a class or a key is not acceptable
   * @throws {CodedError} UNKNOWN_VERSION when the data has a later version than the class
   */
  decodeForSchema(cls: MessageClass, data: object, unknown: UnknownProperties = 'refuse'): Properties {
    // Compiled code makes no instances here, and supports neither a version nor a key of the prototype.
    const quick = isPresent(cls, data) ? decodeUntypedQuickly(data) : undefined;
    return quick ?? this.decodeForSchemaByLibraries(cls, data, unknown);
  }

  /**
   * Decodes the same instance without compiled code.
   *
   * @throws {CodedError} INVALID_MESSAGE and UNKNOWN_VERSION, like `decode`
   */
  decodeByLibraries(cls: MessageClass, received: object, unknown: UnknownProperties = 'refuse'): Message {
    this.refuseForeign(received);
    // An earlier version is converted before its keys are compared with those of the class.
    const upcast = isPresent(cls, received) ? undefined : decodePresent(cls, received);
    const data = upcast ?? received;
    const make = (): Message => (upcast ? reviveUpcast(cls, upcast) : decodeMessage(cls, received));
    if (unknown === 'strip') return make();
    const leftOut: ErrorDetail[] = [];
    // Check before class-transformer runs, because it costs more than a whole valid message.
    this.findHidden(data, cls, { path: [], details: leftOut });
    if (leftOut.length) throw invalidMessage(leftOut);
    const message = make();
    this.findLeftOut({ data, made: message, path: [], role: 'root' }, leftOut);
    if (leftOut.length) throw invalidMessage(leftOut);
    return message;
  }

  private decodeForSchemaByLibraries(
    cls: MessageClass,
    data: object,
    unknown: UnknownProperties,
  ): Properties {
    this.refuseForeign(data);
    // As properties of an instance they would hide the class and its discriminant.
    const hidden = Object.keys(data).filter((key) => key in cls.prototype);
    if (hidden.length && unknown === 'refuse')
      throw invalidMessage(hidden.map((key) => unknownProperty(key, key)));
    const properties = decodePresent(cls, data);
    for (const key of hidden) delete properties[key];
    return properties;
  }

  private refuseForeign(data: object): void {
    const foreign = this.accepted.foreignType(data);
    if (foreign) throw invalidMessage([{ path: foreign.join('.'), message: FOREIGN }]);
  }

  /** Finds dropped keys where the data alone determines the classes. */
  private findHidden(data: object, cls: unknown, search: Search): void {
    if (typeof cls !== 'function') return;
    const names = this.namesOf(cls);
    if (!names.facts) return;
    const { path, details } = search;
    for (const key of Object.keys(data)) {
      if (details.length === MAX_DETAILS) return;
      path.push(key);
      if (isHidden(key, cls.prototype as object, names) && key !== PROTO) details.push(unknownAt(path));
      else {
        const fact = names.facts.types.get(key);
        // The keys of a map are not property names.
        if (fact && fact.reflectedType !== Map)
          this.findHiddenInside((data as Properties)[key], fact.typeFunction, search);
      }
      path.pop();
    }
  }

  private findHiddenInside(value: unknown, type: () => unknown, search: Search): void {
    if (!isTree(value)) return;
    if (!Array.isArray(value)) {
      if (!Object.keys(value).some(isTag)) this.findHidden(value, type(), search);
      return;
    }
    for (const [index, item] of value.entries()) {
      if (search.details.length === MAX_DETAILS) return;
      search.path.push(String(index));
      this.findHiddenInside(item, type, search);
      search.path.pop();
    }
  }

  private findLeftOut(pair: Pair, details: ErrorDetail[]): void {
    const { data, made, path, role } = pair;
    if (!isTree(data) || typeof made !== 'object' || made === null || details.length === MAX_DETAILS) return;
    const names = this.namesOfInstance(made);
    const prototype = Object.getPrototypeOf(made) as object;
    for (const key of Object.keys(data)) {
      const isClassTag = role === 'value' && key === TYPE_TAG;
      path.push(key);
      if (names && !isClassTag && isHidden(key, prototype, names)) details.push(unknownAt(path));
      else {
        const made = valueAt(pair, key, names);
        this.findLeftOut({ data: data[key], made, path, role: roleOf(key, role) }, details);
      }
      path.pop();
    }
  }

  /** Returns the property names of an instance's class; undefined for a plain object. */
  private namesOfInstance(made: object): ClassNames | undefined {
    const { constructor } = made;
    if (constructor === Object || typeof constructor !== 'function' || hasItems(made)) return undefined;
    return this.namesOf(constructor);
  }

  /** Declares the application's property names to the compiled code. */
  private declare(cls: ValidatedClass, seen: Set<ValidatedClass>): void {
    if (seen.has(cls)) return;
    seen.add(cls);
    declareProperties(
      cls,
      validatedProperties(cls).map(({ name }) => name),
    );
    for (const typed of typedClassesOf(cls)) this.declare(typed, seen);
  }

  private namesOf(constructor: object): ClassNames {
    const known = this.known.get(constructor);
    if (known) return known;
    const cls = constructor as ValidatedClass;
    const validated = validatedProperties(cls).map(({ name }) => name);
    const names = {
      own: new Set([...validated, ...decoratedNamesOf(cls)]),
      renamed: renamedPropertiesOf(cls),
      facts: transformFactsOf(cls),
    };
    this.known.set(constructor, names);
    return names;
  }
}

/**
 * Makes an instance from the result of an upcast.
 *
 * @throws {CodedError} INVALID_MESSAGE when class-transformer cannot use the properties
 */
function reviveUpcast(cls: MessageClass, properties: Record<string, unknown>): Message {
  try {
    return reviveMessage(cls, properties);
  } catch (cause) {
    throw new CodedError(ErrorCode.InvalidMessage, 'The message does not fit.', { cause });
  }
}

/** Returns the decoded value of a key in data. */
function valueAt({ data, made, role }: Pair, key: string, names: ClassNames | undefined): unknown {
  if (role === 'value') {
    if (key === PLAIN_TAG) return made;
    const items = (data as Properties)[key];
    if (key === SET_TAG && made instanceof Set) return besideItems(items as unknown[], made, identityOf);
    if (key === MAP_TAG && made instanceof Map) return besideItems(items as unknown[][], made, identityOfKey);
  }
  return (made as Properties)[names?.renamed.get(key) ?? key];
}

/**
 * Pairs each item of a set or map in data with its decoded value.
 *
 * Equal items were merged, so later positions have shifted; only the last of equal items is paired.
 */
function besideItems<T>(
  items: readonly T[],
  made: Iterable<unknown>,
  identify: (item: T) => unknown,
): unknown[] {
  const places = new Map<unknown, number>();
  for (const [index, item] of items.entries()) places.set(identify(item), index);
  const beside: unknown[] = Array.from(items, () => undefined);
  const kept = places.values();
  for (const value of made) beside[kept.next().value ?? beside.length] = value;
  return beside;
}

function identityOfKey([key]: readonly unknown[]): unknown {
  return identityOf(key);
}

/** Returns the identity of a set's item: tags of primitives compare by value, other objects by reference. */
function identityOf(value: unknown): unknown {
  if (!isTree(value)) return value;
  if (BIGINT_TAG in value) return BigInt(value[BIGINT_TAG] as string);
  return NUMBER_TAG in value ? Number(value[NUMBER_TAG]) : value;
}

/** Returns true when class-transformer drops a key: it is on the prototype and not decorated. */
function isHidden(key: string, prototype: object, { own, renamed }: ClassNames): boolean {
  return key in prototype && !own.has(key) && !renamed.has(key);
}

function isTag(key: string): boolean {
  return key[0] === '$';
}

function unknownAt(path: readonly string[]): ErrorDetail {
  return unknownProperty(path.join('.'), path.at(-1) ?? '');
}
