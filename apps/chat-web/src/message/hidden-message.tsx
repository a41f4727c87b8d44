import type { ChatItem, ChatProfile } from '@nestwire/chat/client';
import { useBlocks } from '../session/blocks-provider.js';
import { useNotices } from '../shell/notices.js';

interface HiddenMessageProps {
  readonly item: ChatItem;
  readonly author: ChatProfile;
  readonly isActive: boolean;
  onShow(): void;
}

/** The place of a message whose author is blocked. */
export function HiddenMessage({ item, author, isActive, onShow }: HiddenMessageProps) {
  const blocks = useBlocks();
  const { report } = useNotices();
  return (
    <article
      className="message hidden-message"
      aria-label="A message of a blocked user"
      tabIndex={isActive ? 0 : -1}
      data-key={item.key}
    >
      <p className="message-state">
        <span>A message of a blocked user.</span>
        <button type="button" className="link" onClick={onShow}>
          Show
        </button>
        <button type="button" className="link" onClick={() => void blocks.set(author, false).catch(report)}>
          Unblock {author.name}
        </button>
      </p>
    </article>
  );
}
