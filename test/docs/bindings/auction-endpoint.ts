import type { PresenceEvent } from '@nestwire/protocol';
import type { Accepted, Bid, Bids, LoadBids, Outbid, Price } from './auction-messages.js';

interface Method<Request, Reply> {
  readonly request: Request;
  readonly items: never;
  readonly reply: Reply;
}

/** The types of the endpoint of the recipe for an auction, for a program with the types of a browser alone. */
export interface AuctionStreams {
  readonly auction: {
    readonly in: never;
    readonly out: Price | PresenceEvent;
    readonly params: { readonly lotId: string };
    readonly methods: {
      readonly bid: Method<Bid, Accepted | Outbid>;
      readonly loadBids: Method<LoadBids, Bids>;
    };
  };
}
