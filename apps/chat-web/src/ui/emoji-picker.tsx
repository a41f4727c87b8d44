import { useState, type KeyboardEvent } from 'react';
import { findEmojis } from './emoji.js';
import { Popover } from './popover.js';
import { SearchField } from './search-field.js';
import './emoji-picker.css';

interface EmojiPickerProps {
  readonly label: string;
  onPick(emoji: string): void;
  onClose(): void;
}

/** A grid of emojis with a search; the arrow keys move in it. */
export function EmojiPicker({ label, onPick, onClose }: EmojiPickerProps) {
  const [text, setText] = useState('');
  const found = findEmojis(text);
  return (
    <Popover label={label} className="emoji-picker" onClose={onClose}>
      <SearchField
        label="Search emojis"
        placeholder="Search"
        value={text}
        onValue={setText}
        onKeyDown={(event) => event.key === 'Enter' && found[0] && onPick(found[0].char)}
      />
      <div className="emoji-grid" onKeyDown={moveInGrid}>
        {found.map(({ char, name }) => (
          <button key={char} type="button" aria-label={name} title={name} onClick={() => onPick(char)}>
            {char}
          </button>
        ))}
      </div>
      {found.length === 0 && <p className="hint">No emoji of this name.</p>}
    </Popover>
  );
}

const COLUMNS = 8;
const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowLeft: -1,
  ArrowDown: COLUMNS,
  ArrowUp: -COLUMNS,
};

function moveInGrid({ key, currentTarget }: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[key];
  if (step === undefined) return;
  const buttons = [...currentTarget.querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[at + step]?.focus();
}
