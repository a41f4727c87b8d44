import type { ChatItem } from '@nestwire/chat/client';
import { useState } from 'react';
import { EmojiPicker } from '../ui/emoji-picker.js';
import { QUICK_EMOJIS } from '../ui/emoji.js';
import { IconButton } from '../ui/icon-button.js';
import type { MessageCommands, MessageRights } from './message-commands.js';

interface MessageActionsProps {
  readonly item: ChatItem;
  readonly rights: MessageRights;
  readonly commands: MessageCommands;
}

const QUICK = QUICK_EMOJIS.slice(0, 3);

/** The actions of the message under the pointer or the focus. */
export function MessageActions({ item, rights, commands }: MessageActionsProps) {
  const { message } = item;
  if (item.state !== 'stored' || message.seq === null || message.text === null) return null;
  const { seq, author, pinnedAt } = message;
  const isOwn = author?.id === rights.ownId;
  return (
    <div className="message-actions" role="group" aria-label="Actions of the message">
      {rights.canReact && <ReactionButtons onReact={(emoji) => commands.react(seq, emoji, true)} />}
      {rights.canPost && <IconButton icon="reply" label="Reply" onClick={() => commands.reply(item)} />}
      {commands.openThread && (
        <IconButton icon="thread" label="Reply in a thread" onClick={() => commands.openThread!(seq)} />
      )}
      {rights.canPin && (
        <IconButton
          icon="pin"
          label={pinnedAt === null ? 'Pin' : 'Unpin'}
          aria-pressed={pinnedAt !== null}
          onClick={() => commands.pin(seq, pinnedAt === null)}
        />
      )}
      {!isOwn && rights.canReport && message.kind === 'user' && (
        <IconButton icon="flag" label="Report" onClick={() => commands.report(item)} />
      )}
      {isOwn && rights.canEdit && <IconButton icon="edit" label="Edit" onClick={() => commands.edit(item)} />}
      {(isOwn ? rights.canDelete : rights.canModerate) && (
        <IconButton icon="trash" label="Delete" onClick={() => commands.remove(item)} />
      )}
    </div>
  );
}

function ReactionButtons({ onReact }: { onReact(emoji: string): void }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      {QUICK.map((emoji) => (
        <button
          key={emoji}
          type="button"
          className="quick"
          aria-label={`React with ${emoji}`}
          onClick={() => onReact(emoji)}
        >
          {emoji}
        </button>
      ))}
      <IconButton
        icon="smile"
        label="Add a reaction"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      />
      {isOpen && (
        <EmojiPicker
          label="Pick a reaction"
          onClose={() => setOpen(false)}
          onPick={(emoji) => {
            setOpen(false);
            onReact(emoji);
          }}
        />
      )}
    </>
  );
}
