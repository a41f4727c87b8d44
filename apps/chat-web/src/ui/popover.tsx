import { useEffect, useLayoutEffect, useRef, type ReactNode } from 'react';
import './popover.css';

interface PopoverProps {
  readonly label: string;
  readonly className?: string;
  readonly children: ReactNode;
  onClose(): void;
}

const GAP = 6;

/** A small box beside its parent, above everything. Escape and a click outside close it, and the focus returns. */
export function Popover({ label, className = '', children, onClose }: PopoverProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const anchor = element.parentElement!.getBoundingClientRect();
    const former = document.activeElement as HTMLElement | null;
    element.showPopover();
    place(element, anchor);
    // A hidden box takes no focus, so `autoFocus` of its content comes too early.
    element.querySelector<HTMLElement>('input, button')?.focus();
    return () => former?.focus?.();
  }, []);
  useEffect(() => {
    const onPointer = ({ target }: PointerEvent) => box.current?.contains(target as Node) || onClose();
    document.addEventListener('pointerdown', onPointer);
    return () => document.removeEventListener('pointerdown', onPointer);
  }, []);
  return (
    <div
      ref={box}
      popover="manual"
      className={`popover ${className}`}
      role="dialog"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
    >
      {children}
    </div>
  );
}

/** Places a box below its anchor, or above it where the window ends. */
function place(box: HTMLElement, anchor: DOMRect): void {
  const { width, height } = box.getBoundingClientRect();
  const left = Math.min(anchor.left, window.innerWidth - width - GAP);
  const below = anchor.bottom + GAP;
  const top = below + height > window.innerHeight ? Math.max(GAP, anchor.top - height - GAP) : below;
  box.style.left = `${Math.max(GAP, left)}px`;
  box.style.top = `${top}px`;
}
