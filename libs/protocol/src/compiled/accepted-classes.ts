import { messageClassNamed, messageNameOf } from '../message/message-registry.js';
import { typedClassesOf, type TransformedClass } from './transform-facts.js';

type Properties = Readonly<Record<string, unknown>>;

/** Names that begin so belong to messages of this library. */
const RESERVED_NAMES = 'nestwire.';
const TYPE_TAG = '$type';
const PLAIN_TAG = '$plain';

/** How the keys of an object in data are read: tags count in values alone. */
export type DataRole = 'root' | 'plain' | 'value';

/** Tells whether a name belongs to a message of this library. */
export function isReservedName(name: string): boolean {
  return name.startsWith(RESERVED_NAMES);
}

/** Returns how an object is read that stands behind a key of an object. */
export function roleOf(key: string, role: DataRole): DataRole {
  return key === PLAIN_TAG && role === 'value' ? 'plain' : 'value';
}

/**
 * The classes that a `$type` in data may name.
 *
 * Those that were accepted, and those that `@Type` gives to their properties, however deep; none of this
 * library's own.
 */
export class AcceptedClasses {
  private readonly names = new Set<string>();
  private readonly seen = new Set<unknown>();

  /** Lets data name a class, and the classes that its properties have. */
  accept(cls: TransformedClass): void {
    if (this.seen.has(cls)) return;
    this.seen.add(cls);
    const name = messageNameOf(cls);
    if (name !== undefined && !isReservedName(name)) this.names.add(name);
    for (const typed of typedClassesOf(cls)) this.accept(typed);
  }

  /** Returns the path to a `$type` that data may not name; undefined when there is none. */
  foreignType(data: unknown, role: DataRole = 'root'): string[] | undefined {
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
}

/** Tells whether a value in data has keys of its own. */
export function isTree(data: unknown): data is Properties {
  return typeof data === 'object' && data !== null && !(data instanceof Date) && !ArrayBuffer.isView(data);
}
