// A recipe of docs/recipes.md; run by recipes.spec.ts.
import { Injectable } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { CodedError, create, StreamMessage, type PresenceEvent } from '@nestwire/protocol';
import {
  OnStreamOpened,
  StreamCall,
  StreamEndpoint,
  StreamMethod,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { Type } from 'class-transformer';
import { IsInt, IsString, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import type { AppUser } from '../authentication.js';

// #region messages
@StreamMessage('auction.bid')
export class Bid {
  declare readonly $type: 'auction.bid';
  @IsInt() @Min(1) @Max(100_000_000) cents!: number;
}

@StreamMessage('auction.accepted')
export class Accepted {
  declare readonly $type: 'auction.accepted';
}

@StreamMessage('auction.outbid')
export class Outbid {
  declare readonly $type: 'auction.outbid';
  @IsInt() highestCents!: number;
}

@StreamMessage('auction.price')
export class Price {
  declare readonly $type: 'auction.price';
  @IsInt() cents!: number;
  @IsString() bidder!: string;
}

@StreamMessage('auction.load-bids')
export class LoadBids {
  declare readonly $type: 'auction.load-bids';
}

@StreamMessage('auction.bids')
export class Bids {
  declare readonly $type: 'auction.bids';
  @ValidateNested({ each: true }) @Type(() => Price) bids!: Price[];
}
// #endregion messages

/** The lots: here in memory, else in a database. */
@Injectable()
export class Lots {
  readonly lots = new Map<string, { isOpen: boolean; bids: Price[] }>([
    ['vase', { isOpen: true, bids: [] }],
    ['clock', { isOpen: false, bids: [] }],
  ]);

  find(lotId: string) {
    const lot = this.lots.get(lotId);
    if (!lot) throw new CodedError('NO_SUCH_LOT', `There is no lot ${lotId}.`);
    return lot;
  }
}

// #region server
export class LotParams {
  @IsString() @MaxLength(32) lotId!: string;
}

type LotCall = StreamCall<AppUser, LotParams>;
type LotSession = StreamSession<Price | PresenceEvent, AppUser, LotParams>;

const price = defineChannel('price', { messages: [Price], latest: true });

@StreamEndpoint('auction', { params: LotParams, requireLogin: true })
export class AuctionEndpoint {
  constructor(
    private readonly lots: Lots,
    private readonly messages: MessagesService,
  ) {}

  @OnStreamOpened()
  async opened(session: LotSession) {
    const { lotId } = session.params;
    this.lots.find(lotId); // throws: the stream is refused
    await session.subscribe(price(lotId)); // begins with the newest price
    await session.presence.join(`lot_${lotId}`);
    return session.presence.watch(`lot_${lotId}`);
  }

  @StreamMethod(Bid, { once: true })
  async bid({ user, params: { lotId } }: LotCall, { cents }: Bid): Promise<Accepted | Outbid> {
    const lot = this.lots.find(lotId);
    if (!lot.isOpen) throw new CodedError('AUCTION_CLOSED', 'This auction is over.');
    const highestCents = lot.bids.at(-1)?.cents ?? 0;
    if (cents <= highestCents) return create(Outbid, { highestCents });
    const bid = create(Price, { cents, bidder: user.name });
    lot.bids.push(bid);
    await this.messages.postMessage(price(lotId), bid);
    return create(Accepted);
  }

  @StreamMethod(LoadBids)
  loadBids({ params: { lotId } }: LotCall, _request: LoadBids): Bids {
    return create(Bids, { bids: this.lots.find(lotId).bids.slice(-20) });
  }
}

export type AuctionStreams = StreamsOf<{ auction: AuctionEndpoint }>;
// #endregion server
