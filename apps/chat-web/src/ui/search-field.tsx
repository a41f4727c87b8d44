import type { KeyboardEvent } from 'react';

interface SearchFieldProps {
  /** The accessible name, as in `Search people`. */
  readonly label: string;
  /** The text of the empty field; the label without it. */
  readonly placeholder?: string;
  readonly value: string;
  onValue(value: string): void;
  onKeyDown?(event: KeyboardEvent): void;
}

/** A field for the text of a search, which takes the focus. */
export function SearchField({ label, placeholder = label, value, onValue, onKeyDown }: SearchFieldProps) {
  return (
    <input
      type="search"
      value={value}
      onChange={({ target }) => onValue(target.value)}
      onKeyDown={onKeyDown}
      placeholder={placeholder}
      aria-label={label}
      dir="auto"
      autoFocus
    />
  );
}
