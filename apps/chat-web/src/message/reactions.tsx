import type { ChatReaction } from '@nestwire/chat/client';
import './reactions.css';

interface ReactionsProps {
  readonly reactions: readonly ChatReaction[];
  readonly ownId: string;
  /** False when the user may not react; the reactions are then shown alone. */
  readonly canReact: boolean;
  /** Returns the name of a user. */
  nameOf(userId: string): string;
  onToggle(emoji: string, isSet: boolean): void;
}

/** The reactions to a message; a click adds the own one or takes it back. */
export function Reactions({ reactions, ownId, canReact, nameOf, onToggle }: ReactionsProps) {
  if (reactions.length === 0) return null;
  return (
    <ul className="reactions" aria-label="Reactions">
      {reactions.map(({ emoji, count, userIds }) => {
        const isOwn = userIds.includes(ownId);
        const names = userIds.map((id) => (id === ownId ? 'you' : nameOf(id))).join(', ');
        return (
          <li key={emoji}>
            <button
              type="button"
              disabled={!canReact}
              aria-pressed={isOwn}
              aria-label={`${emoji} ${count}, ${names}`}
              title={names}
              onClick={() => onToggle(emoji, !isOwn)}
            >
              <span>{emoji}</span>
              <span className="reaction-count">{count}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
