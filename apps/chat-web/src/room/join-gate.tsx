import type { ChatRoomView } from '@nestwire/chat/client';
import { useChat } from '@nestwire/chat/react';
import { useNotices } from '../shell/notices.js';
import { isGranted } from './rights.js';

/**
 * Returns true when the user cannot post, and a gate takes the place of the form.
 *
 * Without a connection the channel is unknown: the user may write, and the message waits.
 */
export function hasGate({ channel, membership, rights }: ChatRoomView): boolean {
  if (!channel) return false;
  if (membership?.state !== 'joined' || channel.archivedAt !== null || channel.frozenAt !== null) return true;
  return rights !== null && !isGranted({ rights }, 'message.post');
}

/** Offers to join the room, or tells why nobody posts. */
export function JoinGate({ view }: { readonly view: ChatRoomView }) {
  const chat = useChat();
  const { report } = useNotices();
  const { channel, membership } = view;
  if (!channel) return null;
  if (channel.archivedAt !== null) return <p className="join-gate hint">This room is archived.</p>;
  if (membership?.state === 'joined')
    return (
      <p className="join-gate hint">
        {channel.frozenAt === null
          ? 'Your role does not post in this room.'
          : 'This room is frozen: nobody posts.'}
      </p>
    );
  return (
    <div className="join-gate">
      <span>{membership ? 'You are invited to this room.' : 'You only look. Join to take part.'}</span>
      <button type="button" className="primary" onClick={() => void chat.join(channel.id).catch(report)}>
        Join
      </button>
    </div>
  );
}
