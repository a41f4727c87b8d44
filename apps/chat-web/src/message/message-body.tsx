import type { ChatItem } from '@nestwire/chat/client';
import { Icon } from '../ui/icon.js';
import { fullTime } from '../ui/times.js';
import { Attachments } from './attachments.js';
import { RichText } from './rich-text.js';
import './message-body.css';

interface MessageBodyProps {
  readonly item: ChatItem;
  readonly ownId: string;
  /** Stops a growing message; undefined when the user may not. */
  readonly onStop?: ((seq: number) => void) | undefined;
}

/** The text of a message, or that it was deleted. */
export function MessageBody({ item, ownId, onStop }: MessageBodyProps) {
  const { text, entities, editedAt } = item.message;
  if (text === null)
    return (
      <div className="message-body">
        <p className="deleted">This message was deleted.</p>
      </div>
    );
  const isGrowing = item.message.growth?.isGrowing === true;
  return (
    <div className="message-body" data-growing={isGrowing || undefined} aria-busy={isGrowing || undefined}>
      {text !== '' && <RichText text={text} entities={entities} ownId={ownId} />}
      <Attachments attachments={item.message.attachments} />
      {editedAt !== null && (
        <small className="message-edited" title={fullTime(editedAt)}>
          (edited)
        </small>
      )}
      <Growth item={item} onStop={onStop} />
    </div>
  );
}

/** The state of a message that grows, and the button that stops it. */
function Growth({ item, onStop }: Pick<MessageBodyProps, 'item' | 'onStop'>) {
  const { growth, seq } = item.message;
  if (!growth) return null;
  if (growth.isStopped) return <small className="message-edited">(stopped)</small>;
  if (growth.isFailed) return <small className="refused">The answer ended too early.</small>;
  if (!growth.isGrowing || seq === null || !onStop) return null;
  return (
    <button type="button" className="stop" onClick={() => onStop(seq)}>
      <Icon name="stop" size={16} /> Stop
    </button>
  );
}
