import type { ChatProfile } from '@nestwire/chat/client';
import { useState, type KeyboardEvent } from 'react';
import { completionAt, type Completion, type Suggestion } from './completion.js';

/** The open completion of a text field. */
export interface CompletionControl {
  readonly completion: Completion | undefined;
  readonly active: number;
  /** Looks at the word at the cursor. */
  look(text: string, cursor: number): void;
  close(): void;
  /** Handles a key of the text field; true when the key was for the completion. */
  handleKey(event: KeyboardEvent): boolean;
}

/** Completes mentions and emojis; `onPick` receives the chosen suggestion and its place. */
export function useCompletion(
  users: readonly ChatProfile[],
  onPick: (suggestion: Suggestion, completion: Completion) => void,
): CompletionControl {
  const [completion, setCompletion] = useState<Completion>();
  const [active, setActive] = useState(0);

  const close = () => setCompletion(undefined);
  const move = (step: number) => {
    const count = completion!.suggestions.length;
    setActive((active + step + count) % count);
  };
  return {
    completion,
    active,
    close,
    look(text, cursor) {
      setCompletion(completionAt(text, cursor, users));
      setActive(0);
    },
    handleKey(event) {
      if (!completion || event.nativeEvent.isComposing) return false;
      if (event.key === 'ArrowDown') move(1);
      else if (event.key === 'ArrowUp') move(-1);
      else if (event.key === 'Escape') close();
      else if (event.key === 'Enter' || event.key === 'Tab') {
        onPick(completion.suggestions[active]!, completion);
        close();
      } else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}
