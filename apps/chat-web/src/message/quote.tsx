import type { ChatMessage } from '@nestwire/chat/client';
import { useBlocks } from '../session/blocks-provider.js';
import { authorColour } from '../ui/author-colour.js';
import { Icon } from '../ui/icon.js';
import { Name } from '../ui/name.js';
import './quote.css';

interface QuoteProps {
  /** The message that is answered; undefined while it is not loaded. */
  readonly message: ChatMessage | undefined;
  onJump(): void;
}

/** The beginning of the message that another one answers; a click shows it. */
export function Quote({ message, onJump }: QuoteProps) {
  return (
    <button type="button" className="quote" onClick={onJump}>
      <Icon name="reply" size={14} />
      <QuotedText message={message} />
    </button>
  );
}

/** One line of a message with its author. */
export function QuotedText({ message }: Pick<QuoteProps, 'message'>) {
  const { ids } = useBlocks();
  if (!message) return <span className="quote-text">An earlier message</span>;
  if (message.author && ids.has(message.author.id))
    return <span className="quote-text">A message of a blocked user</span>;
  if (message.text === null) return <span className="quote-text">A deleted message</span>;
  const { author, text } = message;
  return (
    <>
      {author && (
        <b style={authorColour(author.id)} className="author">
          <Name>{author.name}</Name>
        </b>
      )}
      <span className="quote-text" dir="auto">
        {text || 'An attachment'}
      </span>
    </>
  );
}
