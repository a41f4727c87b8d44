import { messageIdOf } from './position.js';
import type { StoredReceiver } from './channel-followers.js';
import { RecentIds } from './recent-ids.js';

/**
 * Makes a receiver that passes on what it has not passed on before.
 *
 * Behind a gap a post that was tried again may come again, and so may all that a restored history holds.
 * Each receiver remembers for itself: what one has had, another that came later may still lack.
 */
export function withoutDuplicates(receiver: StoredReceiver): StoredReceiver {
  const ids = new RecentIds();
  let hadGap = false;
  return (publication) => {
    if (publication.isGap) hadGap = true;
    else {
      const id = messageIdOf(publication.position);
      // As long as nothing is missing, each message is another one.
      if (hadGap && ids.has(id)) return;
      ids.add(id);
    }
    receiver(publication);
  };
}
