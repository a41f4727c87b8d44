import type { ChatRoomView, GrantedAction } from '@nestwire/chat/client';
import type { MessageRights } from '../message/message-commands.js';

/** Returns true when the server permits the user an action in a room. */
export function isGranted({ rights }: Pick<ChatRoomView, 'rights'>, action: GrantedAction): boolean {
  return rights?.actions.includes(action) ?? false;
}

/** Returns what the page offers for the messages of a room: what the server permits, while the room is open. */
export function rightsIn(view: ChatRoomView, ownId: string): MessageRights {
  const { channel, rights } = view;
  const isActive = channel?.archivedAt === null;
  const may = (action: GrantedAction): boolean => isActive && isGranted(view, action);
  return {
    ownId,
    canPost: may('message.post') && channel?.frozenAt === null,
    canReact: may('message.react'),
    canPin: may('message.pin'),
    canReport: may('message.report'),
    canEdit: may('message.edit'),
    canDelete: may('message.delete'),
    canModerate: isActive && rights?.isModerator === true,
  };
}
