import { StreamMessage } from '@nestwire/protocol';

/** The messages of the recipe for an auction, for a program with the types of a browser alone. */
@StreamMessage('auction.bid')
export class Bid {
  declare readonly $type: 'auction.bid';
  cents!: number;
}

@StreamMessage('auction.accepted')
export class Accepted {
  declare readonly $type: 'auction.accepted';
}

@StreamMessage('auction.outbid')
export class Outbid {
  declare readonly $type: 'auction.outbid';
  highestCents!: number;
}

@StreamMessage('auction.price')
export class Price {
  declare readonly $type: 'auction.price';
  cents!: number;
  bidder!: string;
}

@StreamMessage('auction.load-bids')
export class LoadBids {
  declare readonly $type: 'auction.load-bids';
}

@StreamMessage('auction.bids')
export class Bids {
  declare readonly $type: 'auction.bids';
  bids!: Price[];
}
