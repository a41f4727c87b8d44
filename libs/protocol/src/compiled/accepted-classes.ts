import { messageClassNamed, messageNameOf } from '../message/message-registry.js';
import { typedClassesOf, type TransformedClass } from './transform-facts.js';

type Properties = Readonly<Record<string, unknown>>;

/** The prefix of the names of this library's own messages. */
const RESERVED_NAMES = 'nestwire.';
const TYPE_TAG = '$type';
const PLAIN_TAG = '$plain';

/** The meaning of an object's keys in data; tags count only in values. */
export type DataRole = 'root' | 'plain' | 'value';

/** Returns true when a name belongs to a message of this library. */
export function isReservedName(name: string): boolean {
  return name.startsWith(RESERVED_NAMES);
}

/** Returns the role of an object that is the value of a key. */
export function roleOf(key: string, role: DataRole): DataRole {
  return key === PLAIN_TAG && role === 'value' ? 'plain' : 'value';
}

/**
 * The classes that a `$type` in data may name.
 *
 * These are the accepted classes and, recursively, the classes that `@Type` gives to their properties.
 * Messages of this library are never included.
 */
export class AcceptedClasses {
  private readonly names = new Set<string>();
  private readonly seen = new Set<unknown>();

  /** Accepts a class and the classes of its properties. */
  accept(cls: TransformedClass): void {
    if (this.seen.has(cls)) return;
    this.seen.add(cls);
    const name = messageNameOf(cls);
    if (name !== undefined && !isReservedName(name)) this.names.add(name);
    for (const typed of typedClassesOf(cls)) this.accept(typed);
  }

  /** Returns the path to a `$type` that data must not name; undefined when there is none. */
  foreignType(data: unknown, role: DataRole = 'root'): string[] | undefined {
    if (!isTree(data)) return undefined;
    if (role === 'value' && TYPE_TAG in data && !this.mayName(data[TYPE_TAG])) return [];
    for (const key of Object.keys(data)) {
      const found = this.foreignType(data[key], roleOf(key, role));
      if (found) return [key, ...found];
    }
    return undefined;
  }

  /** Returns true for accepted names, and for unknown names, which the decoder refuses itself. */
  private mayName(name: unknown): boolean {
    return this.names.has(name as string) || !messageClassNamed(name as string);
  }
}

/** Returns true when a value in data has keys of its own. */
export function isTree(data: unknown): data is Properties {
  return typeof data === 'object' && data !== null && !(data instanceof Date) && !ArrayBuffer.isView(data);
}
