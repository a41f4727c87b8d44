import { useEffect, useRef, type ReactNode } from 'react';
import { IconButton } from '../ui/icon-button.js';
import { ONE_PANE, useMedia } from '../ui/use-media.js';
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
  // It is the whole page there.
  const isAlone = useMedia(ONE_PANE);
  const [Pane, Title] = isAlone ? (['main', 'h1'] as const) : (['aside', 'h2'] as const);
  useEffect(() => {
    if (!panel.current!.contains(document.activeElement)) panel.current!.focus();
  }, []);
  return (
    <Pane
      ref={panel}
      className="side-panel"
      aria-label={title}
      tabIndex={-1}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      <header className="pane-header">
        <IconButton icon="back" label="Back to the room" className="phone-only" onClick={onClose} />
        <div className="pane-title">
          <Title>{title}</Title>
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
    </Pane>
  );
}
