import type { ChatItem } from '@nestwire/chat/client';
import type { MessageCommands } from './message-commands.js';

interface MessageStateProps {
  readonly item: ChatItem;
  readonly commands: MessageCommands;
}

/** The progress of an upload, and the way out for a message that was not sent. */
export function MessageState({ item, commands }: MessageStateProps) {
  if (item.state === 'stored') return null;
  const { key, upload, error } = item;
  return (
    <div className="message-state">
      {item.state === 'failed' ? (
        <>
          <span className="refused" role="alert">
            Not sent. {error?.message}
          </span>
          <button type="button" className="link" onClick={() => commands.retry(key)}>
            Try again
          </button>
        </>
      ) : upload ? (
        <progress value={upload.sent} max={upload.total} aria-label="Upload" />
      ) : (
        <span className="hint">Sending…</span>
      )}
      <button type="button" className="link" onClick={() => commands.discard(key)}>
        Discard
      </button>
    </div>
  );
}
