import type { ChatChannel } from '@nestwire/chat/client';
import { useChat } from '@nestwire/chat/react';
import { topicOf } from '../list/channel-names.js';
import { useNotices } from '../shell/notices.js';
import { Name } from '../ui/name.js';

interface InvitationProps {
  readonly channel: ChatChannel;
  readonly name: string;
  onDeclined(): void;
}

/** The place of a private room that the user may read after joining. */
export function Invitation({ channel, name, onDeclined }: InvitationProps) {
  const chat = useChat();
  const { report } = useNotices();
  return (
    <section className="invitation" aria-label="Invitation">
      <h2>
        You are invited to <Name>{name}</Name>
      </h2>
      {topicOf(channel) && (
        <p className="hint" dir="auto">
          {topicOf(channel)}
        </p>
      )}
      <div className="dialog-buttons">
        <button
          type="button"
          className="secondary"
          onClick={() => void chat.leave(channel.id).then(onDeclined, report)}
        >
          Decline
        </button>
        <button type="button" className="primary" onClick={() => void chat.join(channel.id).catch(report)}>
          Join
        </button>
      </div>
    </section>
  );
}
