// The calls of docs/bindings.md for React.
import { createStreamClient } from '@nestwire/client';
import { PresenceJoined, PresenceLeft, PresenceMembers, PresenceUpdated } from '@nestwire/protocol';
import type { AuctionStreams } from './auction-endpoint.js';
import { Accepted, Bid, Bids, LoadBids, Outbid, Price } from './auction-messages.js';

const client = createStreamClient<AuctionStreams>()({
  url: `ws://${location.host}/streams`,
  messages: [
    Bid,
    Accepted,
    Outbid,
    Price,
    LoadBids,
    Bids,
    PresenceMembers,
    PresenceJoined,
    PresenceUpdated,
    PresenceLeft,
  ],
});

// #region calls
import { useCall, useLatest, usePresence, useStreamClient } from '@nestwire/client/react';
import { create, type CodedError } from '@nestwire/protocol';
import { useEffect } from 'react';

export function Lot({ lotId }: { readonly lotId: string }) {
  const auction = useStreamClient<typeof client>().auction({ lotId });
  const price = useLatest(auction.stream, Price);
  const { members } = usePresence(auction.stream, `lot_${lotId}`);
  const { start, reply, error, isPending } = useCall(auction.bid);

  const bid = (form: FormData) => start(create(Bid, { cents: Number(form.get('euros')) * 100 }));

  return (
    <form action={(form) => void bid(form)}>
      <p>
        {price ? `${price.cents / 100} € by ${price.bidder}` : 'No bid yet'}, {members.length} here
      </p>
      <input name="euros" type="number" aria-label="your bid in euros" />
      <button disabled={isPending}>Bid</button>
      {reply instanceof Outbid ? <p>Bid more than {reply.highestCents / 100} €.</p> : null}
      {error ? <p role="alert">{(error as CodedError).message}</p> : null}
      <LastBids lotId={lotId} />
    </form>
  );
}

function LastBids({ lotId }: { readonly lotId: string }) {
  const { start, reply } = useCall(useStreamClient<typeof client>().auction({ lotId }).loadBids);
  useEffect(() => void start(create(LoadBids), { offline: 'queue' }), [start]);
  return <p>{reply?.bids.map(({ bidder }) => bidder).join(', ')}</p>;
}
// #endregion calls
