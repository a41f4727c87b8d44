import type { ChatChannel } from '@nestwire/chat/client';
import { topicOf } from '../list/channel-names.js';
import { Name } from '../ui/name.js';

/** The words before the first message of a room. */
export function RoomBeginning({ channel, name }: { readonly channel: ChatChannel; readonly name: string }) {
  const isDirect = channel.type === 'direct';
  return (
    <section className="room-beginning" aria-label="Beginning of the room">
      <h2>
        {isDirect ? '' : '#'}
        <Name>{name}</Name>
      </h2>
      <p className="hint">
        {isDirect
          ? `This is the beginning of your conversation with ${name}.`
          : `This is the beginning of ${name}.`}{' '}
        {topicOf(channel)}
      </p>
    </section>
  );
}
