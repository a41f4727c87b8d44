/** Returns an empty ledger of a device. */
export function emptyLedger() {
  return {
    /** @type {{ channel: string, clientId: string, text: string, threadSeq: number | null, replyTo: number | null, files: string[], isDiscarded: boolean }[]} */
    posts: [],
    /** @type {{ channel: string, seq: number, text: string, isAcknowledged: boolean }[]} */
    edits: [],
    /** @type {{ channel: string, seq: number, emoji: string }[]} the acknowledged ones */
    reactions: [],
    /** @type {{ channel: string, seq: number }[]} the acknowledged ones */
    deletions: [],
    /** @type {Record<string, number>} the furthest pointer of each channel and each thread, by `placeOf` */
    reads: {},
    /** @type {Record<string, number>} the furthest message that was marked as read in each place */
    asked: {},
    /** @type {string[]} what was permitted in channels of others */
    trespasses: [],
  };
}

/** @typedef {ReturnType<typeof emptyLedger>} Ledger */

/**
 * Returns the name of a channel or of a thread.
 *
 * @param {{ channelId: string, threadSeq: number | null }} timeline
 */
export function placeOf({ channelId, threadSeq }) {
  return threadSeq === null ? channelId : `${channelId}/${threadSeq}`;
}

/**
 * Writes down that a device has read a room or a thread up to a message.
 *
 * A thread that opens shows its stored pointer first, and moves it later, up to the message.
 *
 * @param {Pick<Ledger, 'reads' | 'asked'>} ledger
 * @param {Pick<import('@nestwire/chat/client').ChatTimeline, 'channelId' | 'threadSeq' | 'get'>} timeline
 * @param {number} seq
 */
export function noteRead({ reads, asked }, timeline, seq) {
  const place = placeOf(timeline);
  reads[place] = Math.max(reads[place] ?? 0, timeline.get().lastReadSeq);
  asked[place] = Math.max(asked[place] ?? 0, seq);
}

/**
 * Returns what a room or a thread shows.
 *
 * @param {import('@nestwire/chat/client').ChatTimeline} timeline
 */
export function viewOf(timeline) {
  const { channelId: channel, threadSeq } = timeline;
  const { status, error, items, unreadCount, lastReadSeq } = timeline.get();
  return {
    channel,
    threadSeq,
    status: error ? `${status} ${error.code}` : status,
    unreadCount,
    lastReadSeq,
    items: items.map((item) => ({
      key: item.key,
      state: item.state,
      code: 'error' in item ? item.error?.code : undefined,
      message: item.message,
    })),
  };
}
