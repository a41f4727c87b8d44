import type { ChatEntity, ChatItem } from '@nestwire/chat/client';
import { fullTime } from '../ui/times.js';
import { RichText } from './rich-text.js';

interface MessageBodyProps {
  readonly item: ChatItem;
  readonly ownId: string;
  onStop(seq: number): void;
}

/** The text of a message, or that it was deleted. */
export function MessageBody({ item, ownId }: MessageBodyProps) {
  const { message } = item;
  if (message.text === null)
    return (
      <div className="message-body">
        <p className="deleted">This message was deleted.</p>
      </div>
    );
  return (
    <div className="message-body">
      {message.text !== '' && <RichText text={message.text} entities={entitiesOf(message)} ownId={ownId} />}
      {message.editedAt !== null && (
        <small className="message-edited" title={fullTime(message.editedAt)}>
          (edited)
        </small>
      )}
    </div>
  );
}

const NONE: readonly ChatEntity[] = [];

function entitiesOf(message: ChatItem['message']): readonly ChatEntity[] {
  return (message as { readonly entities?: readonly ChatEntity[] }).entities ?? NONE;
}
