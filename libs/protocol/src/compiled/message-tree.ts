import { VERSION_KEY } from '../message/message-evolution.js';
import { messageNameOf } from '../message/message-registry.js';
import type { Natives } from '../value/wire-value.js';
import { isOfType, isReservedKey, isShort, layoutOf, MAX_DEPTH, type Layout } from './message-encoder.js';
import type { TransformedClass } from './transform-facts.js';

type Properties = Record<string, unknown>;

const OBJECT_PROTOTYPE: object = Object.prototype;

/**
 * Builds a tree of a message's properties, for codecs with native values.
 *
 * @returns undefined for unsupported values; use `encodeMessage` then
 */
export function treeOf(message: object, natives: Natives): Properties | undefined {
  const layout = layoutOf(message.constructor as TransformedClass);
  return layout && !(Symbol.toStringTag in message)
    ? new TreeMaker(natives).instance(message as Properties, layout, versionOf(layout))
    : undefined;
}

class TreeMaker {
  private depth = 0;

  constructor(private readonly natives: Natives) {}

  /** Adds the properties of an instance to a tree; undefined when one is not supported. */
  instance(instance: Properties, { types }: Layout, tree: Properties): Properties | undefined {
    for (const key of Object.keys(instance)) {
      const value = instance[key];
      const type = types.size ? types.get(key) : undefined;
      if (type && !isOfType(type, value)) return undefined;
      if (value === undefined) continue;
      if (!this.add(tree, key, value)) return undefined;
    }
    return tree;
  }

  private add(tree: Properties, key: string, value: unknown): boolean {
    if (key[0] === '$' || isReservedKey(key)) return false;
    return (tree[key] = this.value(value)) !== undefined;
  }

  private value(value: unknown): unknown {
    const native = this.natives(value);
    if (native !== undefined) return native;
    if (typeof value === 'number') return Object.is(value, -0) ? undefined : value;
    if (typeof value === 'boolean' || value === null) return value;
    if (typeof value === 'bigint') return isShort(value) ? { $bigint: `${value}` } : undefined;
    return typeof value === 'object' ? this.nested(value) : undefined;
  }

  private nested(value: object): unknown {
    if (++this.depth > MAX_DEPTH) return undefined;
    const tree = Array.isArray(value) ? this.items(value) : this.object(value);
    this.depth--;
    return tree;
  }

  private items(items: readonly unknown[]): unknown[] | undefined {
    const tree: unknown[] = [];
    for (const item of items) if (tree[tree.push(this.value(item)) - 1] === undefined) return undefined;
    return tree;
  }

  private object(value: object): Properties | undefined {
    // The libraries refuse objects with hidden state.
    if (OBJECT_PROTOTYPE.toString.call(value) !== '[object Object]') return undefined;
    const { constructor } = value;
    if (constructor === Object) return this.plain(value as Properties);
    const layout = typeof constructor === 'function' ? layoutOf(constructor as TransformedClass) : null;
    if (!layout || 'toJSON' in value) return undefined;
    const $type = messageNameOf(constructor);
    return this.instance(
      value as Properties,
      layout,
      $type === undefined ? {} : { $type, ...versionOf(layout) },
    );
  }

  private plain(source: Properties): Properties | undefined {
    const tree: Properties = {};
    for (const key of Object.keys(source)) {
      const value = source[key];
      if (value !== undefined && !this.add(tree, key, value)) return undefined;
    }
    return tree;
  }
}

function versionOf({ version }: Layout): Properties {
  return version === undefined ? {} : { [VERSION_KEY]: version };
}
