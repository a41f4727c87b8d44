import type { ChatItem } from '@nestwire/chat/client';
import { useCallback } from 'react';
import { MessageRow, type MessageRowProps } from '../message/message-row.js';
import type { Row } from './rows.js';
import { useMessage } from './use-message.js';

interface RoomMessageRowProps extends Omit<MessageRowProps, 'item' | 'isFirst' | 'answered' | 'onEditEnd'> {
  readonly row: Row & { readonly kind: 'message' };
  readonly items: readonly ChatItem[];
  onEditEnd(item: ChatItem, text: string | null): void;
}

/** A message of a room with the message that it answers. */
export function RoomMessageRow({ row, items, onEditEnd, ...rest }: RoomMessageRowProps) {
  const { item, isFirst } = row;
  const answered = useMessage(item.message.channelId, item.message.replyTo, items);
  const end = useCallback((text: string | null) => onEditEnd(item, text), [item]);
  return <MessageRow item={item} isFirst={isFirst} answered={answered} onEditEnd={end} {...rest} />;
}
