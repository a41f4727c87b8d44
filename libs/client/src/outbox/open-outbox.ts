import { IndexedBoxes } from '../transport/indexed-boxes.js';
import { claimBox, type ClaimedBox } from './claim-box.js';
import type { Outbox } from './outbox.js';
import type { OutboxOptions, ResolvedOutboxOptions } from './outbox-options.js';
import { StoredOutbox } from './stored-outbox.js';
import type { OutboxMessage } from './outbox-message.js';

/**
 * Opens an outbox in the browser's IndexedDB, for one client; never rejects.
 *
 * Each page owns a box and takes over the boxes of closed pages. If nothing can be stored, a warning says so,
 * `isDurable` is false, and messages wait in memory only.
 */
export async function openOutbox(options: OutboxOptions = {}): Promise<Outbox> {
  const onWarning = options.onWarning ?? console.warn;
  const resolved: ResolvedOutboxOptions = {
    user: options.user,
    name: options.name ?? 'nestwire.outbox',
    maxMessages: options.maxMessages ?? 1_000,
    maxBytes: options.maxBytes ?? 1_048_576,
    maxAgeMs: options.maxAgeMs ?? 86_400_000,
    onOutcome:
      options.onOutcome ??
      (({ type, error }) => error && onWarning(`nestwire: outbox: ${type} was not sent`, error)),
    onWarning,
    now: options.now ?? Date.now,
  };
  try {
    return new StoredOutbox(resolved, await claim(resolved));
  } catch (error) {
    onWarning('nestwire: outbox: messages are kept in memory only', error);
    return new StoredOutbox(resolved);
  }
}

async function claim({ name, now }: ResolvedOutboxOptions): Promise<ClaimedBox> {
  const boxes = await IndexedBoxes.open<OutboxMessage>(name);
  try {
    return await claimBox(boxes, now());
  } catch (error) {
    boxes.close();
    throw error;
  }
}
