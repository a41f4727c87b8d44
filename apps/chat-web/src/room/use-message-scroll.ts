import type { ChatRoomView, ChatTimeline } from '@nestwire/chat/client';
import { useEffect, useLayoutEffect, useRef, useState, type RefObject, type WheelEvent } from 'react';
import type { VirtualizerHandle } from 'virtua';
import type { Row } from './rows.js';
import { useChatConnection } from '../session/chat-session.js';
import { useHeldRows } from './use-held-rows.js';
import { keepPlace, keptPlace } from './kept-place.js';

interface ScrollInput {
  /** All rows of the messages that are loaded. */
  readonly rows: readonly Row[];
  readonly view: ChatRoomView;
  readonly timeline: ChatTimeline;
  readonly targetSeq: number | null;
}

/** The scrolling of a list of messages. */
export interface MessageScroll {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly virtualizer: RefObject<VirtualizerHandle | null>;
  /** The rows to show. */
  readonly rows: readonly Row[];
  /** Another number means other messages: the list begins anew. */
  readonly generation: number;
  /** True while rows were added before the first one. */
  readonly isShifted: boolean;
  readonly isAtEnd: boolean;
  onScroll(): void;
  onScrollEnd(): void;
  /** Call it for each touch, key and pointer: the reader may scroll. */
  onMove(): void;
  onWheel(event: WheelEvent): void;
  onResize(): void;
  showNewest(): void;
  /** Shows a row; resolves to its element. */
  showRow(index: number): Promise<HTMLElement | null>;
}

/** The distance to the end, in pixels, within which the list follows new messages. */
const END_PX = 60;
/** The distance to an end, in pixels, within which the next page loads. */
const LOAD_PX = 800;
/** A scrolling within this time after an input is one of the reader. */
const MOVED_MS = 500;

/** Keeps the place of the reader: at the end it follows new messages, elsewhere nothing moves. */
export function useMessageScroll({ rows: all, view, timeline, targetSeq }: ScrollInput): MessageScroll {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useRef<VirtualizerHandle>(null);
  const generation = useRef(0);
  const isPlaced = useRef(false);
  const isFollowing = useRef(true);
  const wantedSeq = useRef<number | null>(null);
  const askedSeq = useRef<number | null>(null);
  const lastExtent = useRef(0);
  const movedAt = useRef(-Infinity);
  const lastKey = useRef('');
  const { places } = useChatConnection().stores;
  const [isAtEnd, setAtEnd] = useState(true);

  const { rows, change, release } = useHeldRows(all, isFollowing);
  if (change === 'other') {
    generation.current++;
    isPlaced.current = false;
  }
  const toEnd = () => virtualizer.current?.scrollToIndex(rows.length - 1, { align: 'end' });

  useLayoutEffect(() => {
    if (rows.length === 0 || view.status === 'opening') return;
    const anchor =
      wantedSeq.current ?? (isFollowing.current && isPlaced.current ? null : keptPlace(places, timeline));
    if (anchor !== null && rowOf(rows, anchor) < 0 && anchor !== askedSeq.current) return ask(anchor);
    const last = rows.at(-1)!;
    const isOwnPost =
      last.kind === 'message' && last.item.state === 'pending' && last.key !== lastKey.current;
    lastKey.current = last.key;
    if (isPlaced.current) {
      if (isOwnPost) isFollowing.current = true;
      if (isFollowing.current && !view.hasNewer) toEnd();
      return;
    }
    isPlaced.current = true;
    const index = firstPlace({ rows, view }, [wantedSeq.current, keptPlace(places, timeline)]);
    wantedSeq.current = null;
    isFollowing.current = index === null;
    if (index === null) toEnd();
    else virtualizer.current?.scrollToIndex(index, { align: 'center' });
  }, [rows, view.status]);

  /** Loads the messages around one, and places the list there. */
  function ask(seq: number): void {
    release();
    askedSeq.current = wantedSeq.current = seq;
    isPlaced.current = false;
    void timeline.jumpTo(seq).catch(ignore);
  }

  useEffect(() => {
    if (targetSeq === null) return;
    const index = rowOf(latest.current, targetSeq);
    wantedSeq.current = targetSeq;
    askedSeq.current = null;
    if (index < 0) return;
    isFollowing.current = false;
    virtualizer.current?.scrollToIndex(index, { align: 'center' });
  }, [targetSeq, timeline]);

  const latest = useRef(rows);
  latest.current = rows;

  function look(): void {
    const element = scroller.current;
    if (!element || !isPlaced.current) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    const extent = element.scrollHeight - element.clientHeight;
    const isResized = extent !== lastExtent.current;
    lastExtent.current = extent;
    // The reader has not moved: the rows or the window have another size.
    const isMoved = performance.now() - movedAt.current < MOVED_MS;
    if (isResized && !isMoved && isFollowing.current && below >= END_PX && !view.hasNewer) return toEnd();
    const isEnd = below < END_PX && !view.hasNewer;
    if (isEnd !== isAtEnd) {
      setAtEnd(isEnd);
      timeline.setAtEnd(isEnd);
    }
    isFollowing.current = isEnd;
    if (isEnd) release();
    keepPlace(places, timeline, isEnd ? null : topSeq(latest.current, virtualizer.current));
    // One page at a time: the virtual list takes all rows of one rendering as rows before the first one.
    if (view.isLoadingOlder || view.isLoadingNewer) return;
    if (element.scrollTop < LOAD_PX && view.hasOlder) timeline.loadOlder().catch(ignore);
    else if (below < LOAD_PX && view.hasNewer) timeline.loadNewer().catch(ignore);
  }

  return {
    scroller,
    virtualizer,
    rows,
    generation: generation.current,
    isShifted: change === 'before',
    isAtEnd,
    onScroll: look,
    onScrollEnd: release,
    onMove() {
      movedAt.current = performance.now();
    },
    onWheel({ deltaY }) {
      movedAt.current = performance.now();
      // The event of the scrolling comes later; until then nothing may go back to the end.
      if (deltaY < 0 && (scroller.current?.scrollTop ?? 0) > 0) isFollowing.current = false;
    },
    onResize() {
      if (isFollowing.current && isPlaced.current && !view.hasNewer) toEnd();
    },
    showNewest() {
      isFollowing.current = true;
      release();
      void timeline.jumpToNewest().then(toEnd, ignore);
    },
    async showRow(index) {
      virtualizer.current?.scrollToIndex(index, { align: 'nearest' });
      await new Promise(requestAnimationFrame);
      const { key } = latest.current[index]!;
      return (
        scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.parentElement ?? null
      );
    },
  };
}

/** Returns the row to begin with: the wanted message, the place before the reload, the first unread; null for the end. */
function firstPlace(
  { rows, view }: Pick<ScrollInput, 'rows' | 'view'>,
  wanted: readonly (number | null)[],
): number | null {
  const places = [...wanted.map((seq) => rowOf(rows, seq)), rows.findIndex(({ kind }) => kind === 'unread')];
  const index = places.find((place) => place >= 0) ?? -1;
  return index < 0 || (rows.length - index < 3 && !view.hasNewer) ? null : index;
}

function rowOf(rows: readonly Row[], seq: number | null): number {
  return seq === null ? -1 : rows.findIndex((row) => row.kind === 'message' && row.item.message.seq === seq);
}

function topSeq(rows: readonly Row[], virtualizer: VirtualizerHandle | null): number | null {
  if (!virtualizer) return null;
  const middle = virtualizer.scrollOffset + virtualizer.viewportSize / 2;
  const row = rows[virtualizer.findItemIndex(middle)];
  return row?.kind === 'message' ? row.item.message.seq : null;
}

function ignore(): void {
  // The view reports the error; the next scrolling tries again.
}
