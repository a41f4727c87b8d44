import type { ChatItem, ChatProfile } from '@nestwire/chat/client';
import { useRef, useState, type ClipboardEvent, type KeyboardEvent, type Ref } from 'react';
import { EmojiPicker } from '../ui/emoji-picker.js';
import { Icon } from '../ui/icon.js';
import { IconButton } from '../ui/icon-button.js';
import { QuotedText } from '../message/quote.js';
import { AutoTextarea } from './auto-textarea.js';
import type { Completion, Suggestion } from './completion.js';
import { PendingFiles } from './pending-files.js';
import { SuggestionList } from './suggestion-list.js';
import { useCompletion } from './use-completion.js';
import './composer.css';

/** The properties of the form for a new message. */
export interface ComposerProps {
  /** The accessible name of the text field, as in `Message to lobby`. */
  readonly label: string;
  readonly draft: string;
  readonly users: readonly ChatProfile[];
  /** The message that the next one answers. */
  readonly answered: ChatItem | null;
  readonly files: readonly File[];
  readonly fieldRef: Ref<HTMLTextAreaElement>;
  onDraft(text: string): void;
  onFiles(files: readonly File[]): void;
  onAnswered(item: null): void;
  onSend(text: string): void;
  /** Asks to edit the last own message. */
  onEditLast(): void;
}

/** False on phones, where the focus would open the keyboard over the room. */
export const HAS_KEYBOARD = window.matchMedia('(pointer: fine)').matches;

const LIST_ID = 'composer-suggestions';

/** The form for a new message. Enter sends, Shift+Enter starts a line. */
export function Composer(props: ComposerProps) {
  const { label, draft, users, answered, files, fieldRef, onDraft, onFiles, onSend } = props;
  const own = useRef<HTMLTextAreaElement>(null);
  const canSend = draft.trim() !== '' || files.length > 0;
  const completion = useCompletion(users, (suggestion, place) => replace(suggestion, place));

  function replace({ inserted }: Pick<Suggestion, 'inserted'>, place: Pick<Completion, 'start' | 'end'>) {
    onDraft(draft.slice(0, place.start) + inserted + draft.slice(place.end));
    const cursor = place.start + inserted.length;
    requestAnimationFrame(() => {
      own.current?.focus();
      own.current?.setSelectionRange(cursor, cursor);
    });
  }

  function send() {
    if (!canSend) return;
    completion.close();
    onSend(draft.trim());
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (completion.handleKey(event) || event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey && HAS_KEYBOARD) {
      event.preventDefault();
      send();
    } else if (event.key === 'ArrowUp' && draft === '') {
      event.preventDefault();
      props.onEditLast();
    } else if (event.key === 'Escape' && answered) {
      event.stopPropagation();
      props.onAnswered(null);
    }
  }

  function onPaste(event: ClipboardEvent) {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    onFiles([...files, ...event.clipboardData.files]);
  }

  const { completion: open, active } = completion;
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {open && (
        <SuggestionList
          id={LIST_ID}
          suggestions={open.suggestions}
          active={active}
          onPick={(suggestion) => replace(suggestion, open)}
        />
      )}
      <div className="composer-box">
        {answered && <Answered item={answered} onCancel={() => props.onAnswered(null)} />}
        <PendingFiles files={files} onRemove={(file) => onFiles(files.filter((other) => other !== file))} />
        <AutoTextarea
          fieldRef={(field) => {
            own.current = field;
            if (typeof fieldRef === 'function') fieldRef(field);
            else if (fieldRef) fieldRef.current = field;
          }}
          value={draft}
          onValue={(text, cursor) => {
            onDraft(text);
            completion.look(text, cursor);
          }}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          onSelect={({ currentTarget }) => completion.look(currentTarget.value, currentTarget.selectionStart)}
          onBlur={completion.close}
          placeholder={label}
          aria-label={label}
          aria-autocomplete="list"
          aria-controls={open ? LIST_ID : undefined}
          aria-activedescendant={open ? `${LIST_ID}-${active}` : undefined}
          autoFocus={HAS_KEYBOARD}
        />
        <div className="composer-tools">
          <FileButton onFiles={(added) => onFiles([...files, ...added])} />
          <EmojiButton
            onPick={(emoji) => {
              const at = own.current?.selectionStart ?? draft.length;
              replace({ inserted: emoji }, { start: at, end: own.current?.selectionEnd ?? at });
            }}
          />
          <span className="composer-hint" aria-hidden="true">
            **bold** · `code` · @name · Shift+Enter for a line
          </span>
          <button className="primary send" disabled={!canSend} aria-label="Send" title="Send">
            <Icon name="send" size={18} />
          </button>
        </div>
      </div>
    </form>
  );
}

function Answered({ item, onCancel }: { readonly item: ChatItem; onCancel(): void }) {
  return (
    <div className="answered">
      <Icon name="reply" size={14} />
      <QuotedText message={item.state === 'stored' ? item.message : undefined} />
      <IconButton icon="cross" label="Do not reply" onClick={onCancel} />
    </div>
  );
}

function FileButton({ onFiles }: { onFiles(files: readonly File[]): void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to attach"
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          target.value = '';
        }}
      />
      <IconButton icon="image" label="Attach images or files" onClick={() => input.current?.click()} />
    </>
  );
}

function EmojiButton({ onPick }: { onPick(emoji: string): void }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <span className="emoji-button">
      <IconButton
        icon="smile"
        label="Insert an emoji"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      />
      {isOpen && (
        <EmojiPicker
          label="Insert an emoji"
          onClose={() => setOpen(false)}
          onPick={(emoji) => {
            setOpen(false);
            onPick(emoji);
          }}
        />
      )}
    </span>
  );
}
