import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import type { Row } from './rows.js';

/** The rows to show, of which the end may wait. */
export interface HeldRows {
  readonly rows: readonly Row[];
  /** Tells how the rows have changed since the last rendering. */
  readonly change: RowChange;
  /** Shows the end as it is now. */
  release(this: void): void;
}

/** How a list changed: nothing remains, rows were added before the first message, or another way. */
export type RowChange = 'other' | 'before' | 'same';

/** The time after which the end is shown although no scrolling has ended, in milliseconds. */
const HOLD_MS = 1_000;

/**
 * Changes one end of the list at a time.
 *
 * After rows were added before the first one, the virtual list keeps the distance to the end, until the scrolling has
 * ended. So the end stays as it is for that time, unless the reader follows it.
 */
export function useHeldRows(all: readonly Row[], isFollowing: RefObject<boolean>): HeldRows {
  const former = useRef<readonly Row[]>([]);
  const held = useRef<readonly Row[] | null>(null);
  const [, setReleases] = useState(0);
  const release = (): void => {
    if (!held.current) return;
    held.current = null;
    setReleases((count) => count + 1);
  };

  if (isFollowing.current || isOwnPost(all.at(-1))) held.current = null;
  else if (compareRows(former.current, all) === 'before') held.current ??= former.current;
  const rows = held.current ? withEndOf(held.current, all) : all;
  const shown = isSame(former.current, rows) ? former.current : rows;
  const change = compareRows(former.current, shown);
  useLayoutEffect(() => {
    former.current = shown;
  });

  const isHolding = held.current !== null;
  useEffect(() => {
    if (!isHolding) return undefined;
    const timer = setTimeout(release, HOLD_MS);
    return () => clearTimeout(timer);
  }, [isHolding]);
  return { rows: shown, change, release };
}

/** Returns the rows with the end of former ones: without what was added there, and with what was dropped. */
export function withEndOf(former: readonly Row[], rows: readonly Row[]): readonly Row[] {
  const places = new Map(rows.map(({ key }, at) => [key, at]));
  const last = former.findLastIndex(({ key }) => places.has(key));
  if (last < 0) return rows;
  return [...rows.slice(0, places.get(former[last]!.key)! + 1), ...former.slice(last + 1)];
}

/** Tells how a list has changed. */
export function compareRows(former: readonly Row[], rows: readonly Row[]): RowChange {
  if (former === rows || former.length === 0 || rows.length === 0) return 'same';
  const first = former.find(({ kind }) => kind === 'message');
  const last = former.findLast(({ kind }) => kind === 'message');
  const keys = new Set(rows.map(({ key }) => key));
  const isKept = (row: Row | undefined) => row !== undefined && keys.has(row.key);
  if (!isKept(first) && !isKept(last)) return 'other';
  return first && rows.find(({ kind }) => kind === 'message')?.key !== first.key && isKept(first)
    ? 'before'
    : 'same';
}

/** The own post brings the reader to the end. */
function isOwnPost(row: Row | undefined): boolean {
  return row?.kind === 'message' && row.item.state === 'pending';
}

function isSame(former: readonly Row[], rows: readonly Row[]): boolean {
  return former.length === rows.length && former.every((row, at) => row === rows[at]);
}
