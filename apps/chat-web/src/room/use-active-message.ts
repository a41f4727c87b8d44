import { useState, type FocusEvent, type KeyboardEvent, type PointerEvent } from 'react';
import type { Row } from './rows.js';

/** The message under the pointer or the focus, and the handlers of the list. */
export interface ActiveMessage {
  readonly key: string | null;
  readonly handlers: {
    onPointerOver(event: PointerEvent): void;
    onPointerLeave(event: PointerEvent): void;
    onFocus(event: FocusEvent): void;
    onBlur(event: FocusEvent): void;
    onKeyDown(event: KeyboardEvent): void;
  };
}

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };

/** Follows the pointer and the focus in a list of messages; the arrow keys move the focus. */
export function useActiveMessage(
  rows: readonly Row[],
  showRow: (index: number) => Promise<HTMLElement | null>,
): ActiveMessage {
  const [hovered, setHovered] = useState<string | null>(null);
  const [focused, setFocused] = useState<string | null>(null);

  async function move(step: number): Promise<void> {
    const from = focused === null ? rows.length : rows.findIndex(({ key }) => key === focused);
    let to = from + step;
    while (rows[to] && rows[to]!.kind !== 'message') to += step;
    if (!rows[to]) return;
    const element = await showRow(to);
    element?.querySelector<HTMLElement>('article')?.focus({ preventScroll: true });
  }

  return {
    key: hovered ?? focused,
    handlers: {
      onPointerOver: ({ target }) => setHovered(keyOf(target)),
      onPointerLeave({ currentTarget }) {
        setHovered(null);
        // An element that was removed with the focus tells no blur.
        if (!currentTarget.contains(document.activeElement)) setFocused(null);
      },
      onFocus: ({ target }) => setFocused(keyOf(target)),
      onBlur: ({ relatedTarget }) => setFocused(keyOf(relatedTarget)),
      onKeyDown(event) {
        const { target, key } = event;
        const step = STEPS[key];
        const isOwn = (target as HTMLElement).matches('article, .message-scroller');
        if (step === undefined || !isOwn) return;
        event.preventDefault();
        void move(step);
      },
    },
  };
}

function keyOf(target: EventTarget | null): string | null {
  return target instanceof Element
    ? (target.closest<HTMLElement>('article[data-key]')?.dataset.key ?? null)
    : null;
}
