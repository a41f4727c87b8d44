import type { OpenChannel } from '../../channels/channel-gate.js';
import { channelOf, membershipOf } from '../../channels/chat-channel.js';
import { ChatError, ChatErrorCode } from '../../error/chat-error.js';
import type { ChangesPage, HistoryPage, HistoryPageRequest } from '../history-page.js';
import type { ChatMessage } from '../chat-message.js';
import type { EphemeralRooms } from '../../relay/ephemeral-rooms.js';

type Place = Pick<OpenChannel, 'channel' | 'member'>;

/** Reads the kept messages of channels whose messages are not stored. */
export class EphemeralHistory {
  constructor(private readonly rooms: EphemeralRooms) {}

  /** Reads a page of the kept messages; an earlier one does not exist any more. */
  async page(
    { channel, member }: Place,
    { before, after, around, limit }: HistoryPageRequest & { readonly limit: number },
  ): Promise<HistoryPage> {
    const kept = await this.kept(channel);
    const sorted = kept.toSorted((a, b) => a.seq - b.seq);
    const isAround = around !== undefined;
    const end = after === undefined ? (before ?? around ?? Infinity) : -1;
    const older = sorted.filter(({ seq }) => seq < end);
    const from = isAround ? around - 1 : (after ?? Infinity);
    const newer = sorted.filter(({ seq }) => seq > from);
    const messages = [
      ...older.slice(-(isAround ? Math.ceil(limit / 2) : limit)),
      ...newer.slice(0, isAround ? Math.max(1, Math.floor(limit / 2)) : limit),
    ];
    const first = messages[0]?.seq ?? (after === undefined ? 0 : after + 1);
    const last = messages.at(-1)?.seq ?? (before === undefined ? Infinity : before - 1);
    return {
      channel: channelOf(channel),
      membership: member ? membershipOf(member) : null,
      messages,
      hasOlder: sorted.some(({ seq }) => seq < first),
      hasNewer: sorted.some(({ seq }) => seq > last),
      revision: kept.reduce((most, { revision }) => Math.max(most, revision), 0),
    };
  }

  /**
   * Reads the kept messages after a revision.
   *
   * Of two servers, one may deliver the later number first. So messages that came after the one of the revision
   * belong to the changes too.
   */
  async changesSince(
    { channel }: Place,
    { revision, limit }: { readonly revision: number; readonly limit: number },
  ): Promise<ChangesPage> {
    const kept = await this.kept(channel);
    const reached = kept.findLastIndex((message) => message.revision === revision);
    const later = kept
      .filter((message, at) => message.revision > revision || (reached >= 0 && at > reached))
      .sort((a, b) => a.revision - b.revision);
    const messages = later.slice(0, limit);
    return {
      messages,
      revision: Math.max(revision, messages.at(-1)?.revision ?? 0),
      hasMore: later.length > limit,
      isCut: isCut(kept, revision, channel.revision),
    };
  }

  /** Reads one kept message. @throws {ChatError} CHAT_NOT_FOUND */
  async get({ channel }: Place, seq: number): Promise<ChatMessage> {
    const place = { tenant: channel.tenant, channelId: channel.id };
    const found = await this.rooms.find(place, (message) => message.seq === seq);
    if (found) return found;
    throw new ChatError(ChatErrorCode.NotFound, `The channel has no message ${seq}, or keeps it no longer.`);
  }

  private kept({ tenant, id }: Place['channel']): Promise<ChatMessage[]> {
    return this.rooms.kept({ tenant, channelId: id });
  }
}

/** Tells whether messages after a revision may be kept no longer. A number that was taken in vain counts too. */
function isCut(kept: readonly ChatMessage[], revision: number, newest: number): boolean {
  const oldest = kept.reduce((least, message) => Math.min(least, message.revision), newest + 1);
  return oldest > revision + 1;
}
