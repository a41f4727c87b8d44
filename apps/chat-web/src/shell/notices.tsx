import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';
import { IconButton } from '../ui/icon-button.js';
import './notices.css';

interface Notice {
  readonly id: number;
  readonly text: string;
}

/** Shows short notices at the edge of the page. */
export interface Notices {
  show(text: string): void;
  /** Shows the text of an error. */
  report(this: void, error: unknown): void;
}

const NoticesContext = createContext<Notices | undefined>(undefined);
const SHOWN_MS = 6_000;
const MAX_NOTICES = 3;

/** Gives the notices to the components below, and shows them. */
export function NoticesProvider({ children }: { readonly children: ReactNode }) {
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const value = useMemo<Notices>(() => {
    const remove = (id: number) => setNotices((all) => all.filter((notice) => notice.id !== id));
    const show = (text: string) => {
      const id = Date.now() + Math.random();
      setNotices((all) => [...all, { id, text }].slice(-MAX_NOTICES));
      setTimeout(() => remove(id), SHOWN_MS);
    };
    return { show, report: (error) => show(error instanceof Error ? error.message : String(error)) };
  }, []);
  return (
    <NoticesContext.Provider value={value}>
      {children}
      <div className="notices" role="status">
        {notices.map(({ id, text }) => (
          <p key={id}>
            {text}
            <IconButton
              icon="cross"
              label="Dismiss"
              onClick={() => setNotices((all) => all.filter((notice) => notice.id !== id))}
            />
          </p>
        ))}
      </div>
    </NoticesContext.Provider>
  );
}

/** Returns the notices of the page. */
export function useNotices(): Notices {
  return useContext(NoticesContext)!;
}
