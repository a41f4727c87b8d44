import { useEffect, useRef, type ReactNode } from 'react';
import { IconButton } from '../ui/icon-button.js';
import './side-panel.css';

interface SidePanelProps {
  readonly title: string;
  readonly subtitle?: ReactNode;
  readonly children: ReactNode;
  onClose(): void;
}

/** The third pane: a thread, the members, or a search. Escape closes it. */
export function SidePanel({ title, subtitle, children, onClose }: SidePanelProps) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!panel.current!.contains(document.activeElement)) panel.current!.focus();
  }, []);
  return (
    <aside
      ref={panel}
      className="side-panel"
      aria-label={title}
      tabIndex={-1}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      <header className="pane-header">
        <IconButton icon="back" label="Back to the room" className="phone-only" onClick={onClose} />
        <div className="pane-title">
          <h2>{title}</h2>
          {subtitle && <p className="pane-subtitle">{subtitle}</p>}
        </div>
        <IconButton
          icon="cross"
          label={`Close ${title.toLowerCase()}`}
          className="desktop-only"
          onClick={onClose}
        />
      </header>
      {children}
    </aside>
  );
}
