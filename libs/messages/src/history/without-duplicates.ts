import { isSamePosition, messageIdOf, type Position } from './position.js';
import type { StoredReceiver } from './channel-followers.js';
import { RecentIds } from './recent-ids.js';

/**
 * Makes a receiver that forwards each message once.
 *
 * After a gap the history may repeat messages: retried posts, or the content of a restored history. Each
 * receiver remembers its own messages, because a later one may lack them.
 */
export function withoutDuplicates(receiver: StoredReceiver): StoredReceiver {
  const ids = new RecentIds();
  let hadGap = false;
  return (publication) => {
    if (publication.isGap) hadGap = true;
    else {
      const id = messageIdOf(publication.position);
      // Before the first gap no message can repeat.
      if (hadGap && ids.has(id)) return;
      ids.add(id);
    }
    receiver(publication);
  };
}

/** Makes a receiver that forwards the newest message of a `latest` channel once. */
export function withoutRepeatedHead(receiver: StoredReceiver): StoredReceiver {
  let last: Position | undefined;
  return (publication) => {
    if (last && isSamePosition(last, publication.position)) return;
    last = publication.position;
    receiver(publication);
  };
}
