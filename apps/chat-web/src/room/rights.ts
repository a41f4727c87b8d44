import type { ChatRoomView } from '@nestwire/chat/client';
import type { MessageRights } from '../message/message-commands.js';

/** Returns what the default policy permits a user in a room; the server decides again. */
export function rightsIn({ channel, membership }: ChatRoomView, ownId: string): MessageRights {
  const isMember = membership?.state === 'joined';
  const isOpen = channel !== null && channel.archivedAt === null && channel.frozenAt === null;
  const isModerator = membership?.role === 'owner' || membership?.role === 'moderator';
  return {
    ownId,
    canPost: isMember && isOpen,
    canPin: isMember && (isModerator || channel?.type === 'direct'),
    canReport: isMember,
    canModerate: isModerator && channel?.type !== 'direct',
  };
}
