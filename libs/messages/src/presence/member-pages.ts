import { create, PresenceMembers } from '@nestwire/protocol';
import { encodingOf } from '@nestwire/protocol/compiled';
import { Publication } from '../pubsub/publication.js';
import type { MemberRow } from './member-table.js';

/** The most members of a page. */
export const MAX_PAGE_MEMBERS = 100;
/** About how many bytes of JSON a page has at most; one member is always given. */
export const MAX_PAGE_BYTES = 32_768;
/** How many pages are kept for other readers of the same state. */
const MAX_BUFFERED_PAGES = 32;

/** The position before all members. */
export const BEFORE_ALL = -1;
/** The position behind all members. */
export const BEHIND_ALL = Number.POSITIVE_INFINITY;

/** One page of members. */
export interface MemberPage {
  readonly publication: Publication;
  /** The position behind the page: where the next one begins. */
  readonly end: number;
}

/** Makes the pages of a channel's members; equal pages are encoded once. */
export class MemberPages {
  private readonly kept = new Map<number, MemberPage>();

  constructor(
    private readonly channel: string,
    private readonly rowsAfter: (order: number) => Iterable<MemberRow>,
  ) {}

  /** Returns the page that begins behind a position. */
  after(order: number): MemberPage {
    const known = this.kept.get(order);
    if (known) return known;
    const page = this.make(order);
    if (this.kept.size >= MAX_BUFFERED_PAGES) this.kept.clear();
    this.kept.set(order, page);
    return page;
  }

  /** Forgets the pages, because the members have changed. */
  clear(): void {
    this.kept.clear();
  }

  private make(start: number): MemberPage {
    const rows: MemberRow[] = [];
    let bytes = 0;
    let isLast = true;
    for (const row of this.rowsAfter(start)) {
      bytes += row.bytes;
      if (rows.length === MAX_PAGE_MEMBERS || (rows.length > 0 && bytes > MAX_PAGE_BYTES)) {
        isLast = false;
        break;
      }
      rows.push(row);
    }
    const { type, data } = encodingOf(
      create(PresenceMembers, {
        channel: this.channel,
        members: rows.map(({ member }) => member),
        isFirst: start === BEFORE_ALL,
        isLast,
      }),
    );
    const publication = new Publication(this.channel, type, data);
    return { publication, end: isLast ? BEHIND_ALL : rows.at(-1)!.order };
  }
}
