// Compiled, not run: `hovers.spec.ts` reads the texts that an editor shows behind each mark.
import { createStreamClient } from '@nestwire/client';
import { create, PresenceJoined, PresenceLeft, PresenceMembers, PresenceUpdated } from '@nestwire/protocol';
import type { StreamsOf } from '@nestwire/streams';
import {
  Chunk,
  CountDown,
  LoadOlder,
  Page,
  Tick,
  Upload,
  Uploaded,
  type DeskEndpoint,
} from '../docs/calls.js';
import {
  Accepted,
  Bid,
  Bids,
  LoadBids,
  Outbid,
  Price,
  type AuctionEndpoint,
} from '../docs/recipes/auction.js';

const DESK = [Chunk, CountDown, LoadOlder, Page, Tick, Upload, Uploaded] as const;
const AUCTION = [Accepted, Bid, Bids, LoadBids, Outbid, Price] as const;
const PRESENCE = [PresenceMembers, PresenceJoined, PresenceLeft, PresenceUpdated] as const;

const client = createStreamClient<StreamsOf<{ desk: DeskEndpoint; auction: AuctionEndpoint }>>()({
  url: 'ws://localhost:3000/streams',
  messages: [...DESK, ...AUCTION, ...PRESENCE],
});

export const reply = client.desk./*a call with one reply*/ loadOlder(create(LoadOlder, { before: 2 }));
export const items = client.desk./*a call with a stream of items*/ countDown(create(CountDown, { from: 10 }));
export const upload = client.desk./*a call that sends items*/ upload(
  create(Upload, { name: 'notes.txt' }),
  [],
);
export const lot = client./*an endpoint with parameters*/ auction({ lotId: 'vase' });
export const bid = lot./*a call of such an endpoint*/ bid(create(Bid, { cents: 500 }));
export const resumed = client.desk.countDown./*a call that is resumed*/ resume('Vq0fZ4p2QeS6n8T1bK3mXw');
