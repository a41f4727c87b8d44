import type { JsonLimits } from '../limits.js';
import { isCollectionTag } from './finding.js';

/**
 * Checks decoded trees against the limits of a frame.
 *
 * It refuses too deep or large trees, reserved keys, and numbers that may have lost precision.
 */
export class TreeGuard {
  private nodesLeft: number;
  private itemsLeft: number;

  /** @param frameNodes the number of objects, arrays and keys around the tree */
  constructor(
    private readonly limits: JsonLimits,
    frameNodes: number,
  ) {
    this.nodesLeft = limits.maxNodes - frameNodes;
    this.itemsLeft = limits.maxItems;
  }

  /** Returns true when a tree at a depth is within the limits. */
  accepts(tree: object, depth: number): boolean {
    if (depth > this.limits.maxDepth || --this.nodesLeft < 0) return false;
    return Array.isArray(tree) ? this.acceptsItems(tree, depth) : this.acceptsKeys(tree, depth);
  }

  private acceptsItems(items: readonly unknown[], depth: number): boolean {
    this.itemsLeft -= items.length;
    if (this.itemsLeft < 0) return false;
    for (const item of items) if (!this.acceptsValue(item, depth)) return false;
    return true;
  }

  private acceptsKeys(tree: object, depth: number): boolean {
    let keys = 0;
    for (const key in tree) {
      if (key === '__proto__' || key === 'constructor' || key === 'prototype') return false;
      keys++;
      const value = (tree as Record<string, unknown>)[key];
      if (isCollectionTag(key) && Array.isArray(value) && value.length > this.limits.maxKeys) return false;
      if (!this.acceptsValue(value, depth)) return false;
    }
    this.nodesLeft -= keys;
    return keys <= this.limits.maxKeys && this.nodesLeft >= 0;
  }

  private acceptsValue(value: unknown, depth: number): boolean {
    if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
    return typeof value !== 'object' || value === null || this.accepts(value, depth + 1);
  }
}
