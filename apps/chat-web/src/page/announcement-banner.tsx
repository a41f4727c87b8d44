import type { Announcement } from 'chat-server/messages';
import { clockTime } from './clock-time.js';
import { Icon } from './icon.js';

/** The current announcement, above every conversation. */
export function AnnouncementBanner(props: { announcement: Announcement; onDismiss(): void }) {
  const { text, postedAt } = props.announcement;
  return (
    <aside className="announcement" role="status" aria-label="Announcement">
      <Icon name="megaphone" />
      <p>{text}</p>
      <time dateTime={postedAt.toISOString()}>{clockTime(postedAt)}</time>
      <button className="quiet" onClick={props.onDismiss} aria-label="Dismiss the announcement">
        <Icon name="cross" />
      </button>
    </aside>
  );
}
