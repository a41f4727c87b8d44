import { Name } from '../ui/name.js';
import { Person } from '../ui/person.js';
import type { Suggestion } from './completion.js';

interface SuggestionListProps {
  readonly id: string;
  readonly suggestions: readonly Suggestion[];
  readonly active: number;
  onPick(suggestion: Suggestion): void;
}

/** The suggestions above the text field; the keys of the text field move in it. */
export function SuggestionList({ id, suggestions, active, onPick }: SuggestionListProps) {
  return (
    <ul id={id} className="suggestions" role="listbox" aria-label="Suggestions">
      {suggestions.map((suggestion, at) => (
        <li
          key={suggestion.key}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === active}
          onPointerDown={(event) => {
            event.preventDefault();
            onPick(suggestion);
          }}
        >
          {suggestion.user ? <Person user={suggestion.user} /> : <Name>{suggestion.label}</Name>}
        </li>
      ))}
    </ul>
  );
}
