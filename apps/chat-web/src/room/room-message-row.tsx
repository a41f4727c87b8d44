import type { ChatItem } from '@nestwire/chat/client';
import { useCallback, useState } from 'react';
import { HiddenMessage } from '../message/hidden-message.js';
import { MessageRow, type MessageRowProps } from '../message/message-row.js';
import { useBlocks } from '../session/blocks-provider.js';
import type { Row } from './rows.js';
import { useMessage } from './use-message.js';

interface RoomMessageRowProps extends Omit<MessageRowProps, 'item' | 'isFirst' | 'answered' | 'onEditEnd'> {
  readonly row: Row & { readonly kind: 'message' };
  readonly items: readonly ChatItem[];
  onEditEnd(item: ChatItem, text: string | null): void;
}

/** A message of a room with the message that it answers. That of a blocked user waits for a click. */
export function RoomMessageRow({ row, items, onEditEnd, ...rest }: RoomMessageRowProps) {
  const { item, isFirst } = row;
  const { author, channelId, replyTo } = item.message;
  const { ids } = useBlocks();
  const [isShown, setShown] = useState(false);
  const answered = useMessage(channelId, replyTo, items);
  const end = useCallback((text: string | null) => onEditEnd(item, text), [item]);
  if (author && ids.has(author.id) && !isShown)
    return (
      <HiddenMessage item={item} author={author} isActive={rest.isActive} onShow={() => setShown(true)} />
    );
  return <MessageRow item={item} isFirst={isFirst} answered={answered} onEditEnd={end} {...rest} />;
}
