import type { ChatProfile } from '@nestwire/chat/client';
import './typing-line.css';

/** Tells who types; the line keeps its height, so that nothing moves. */
export function TypingLine({ users }: { readonly users: readonly ChatProfile[] }) {
  return (
    <p className="typing-line" aria-live="off">
      {users.length > 0 && (
        <>
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span dir="auto">{sentenceFor(users)}</span>
        </>
      )}
    </p>
  );
}

function sentenceFor(users: readonly ChatProfile[]): string {
  const names = users.map(({ name }) => name);
  if (names.length === 1) return `${names[0]} is typing`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing`;
  return 'Several people are typing';
}
