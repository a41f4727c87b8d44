import { create, PresenceMembers } from '@nestwire/protocol';
import { encodingOf } from '@nestwire/protocol/compiled';
import { Publication } from '../pubsub/publication.js';
import type { MemberRow } from './member-table.js';

/** The most members of a page. */
export const MAX_PAGE_MEMBERS = 100;
/** The approximate limit of a page with several members, in bytes. */
export const MAX_PAGE_BYTES = 32_768;
/** The most pages that are cached for other readers of the same state. */
const MAX_BUFFERED_PAGES = 32;

/** The position before all members. */
export const BEFORE_ALL = -1;
/** The position after all members. */
export const AFTER_ALL = Number.POSITIVE_INFINITY;

/** One page of members. */
export interface MemberPage {
  readonly publication: Publication;
  /** The position after the page, at which the next one starts. */
  readonly end: number;
}

/** Makes the pages of the members of a channel; equal pages are encoded once. */
export class MemberPages {
  private readonly kept = new Map<number, MemberPage>();

  constructor(
    private readonly channel: string,
    private readonly rowsAfter: (order: number) => Iterable<MemberRow>,
  ) {}

  /** Returns the page that starts after a position. */
  after(order: number): MemberPage {
    const known = this.kept.get(order);
    if (known) return known;
    const page = this.make(order);
    if (this.kept.size >= MAX_BUFFERED_PAGES) this.kept.clear();
    this.kept.set(order, page);
    return page;
  }

  /** Clears the cache, because the members have changed. */
  clear(): void {
    this.kept.clear();
  }

  private make(start: number): MemberPage {
    const rows: MemberRow[] = [];
    let bytes = 0;
    let isLast = true;
    let end = start;
    for (const row of this.rowsAfter(start)) {
      bytes += row.bytes;
      if (rows.length === MAX_PAGE_MEMBERS || (rows.length > 0 && bytes > MAX_PAGE_BYTES)) {
        isLast = false;
        break;
      }
      rows.push(row);
      end = row.order;
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
    return { publication, end: isLast ? AFTER_ALL : end };
  }
}
