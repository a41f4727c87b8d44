// The code of docs/migrating-from-gateways.md; compiled and run with the tests.
import { Injectable, Module } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayDisconnect,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { createStreamClient } from '@nestwire/client';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { CodedError, create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  SessionCloseReason,
  SessionScoped,
  StreamEndpoint,
  StreamsModule,
  StreamSession,
  type StreamsOf,
  UserObject,
} from '@nestwire/streams';
import { IsInt, IsString, MaxLength, Min } from 'class-validator';
import type { WebSocket } from 'ws';

@Injectable()
export class AuctionService {
  private readonly highest = new Map<string, number>();
  readonly left: string[] = [];

  priceOf(lot: string): number {
    return this.highest.get(lot) ?? 0;
  }

  bid(lot: string, cents: number): boolean {
    if (cents <= (this.highest.get(lot) ?? 0)) return false;
    this.highest.set(lot, cents);
    return true;
  }
}

// #region gateway
@WebSocketGateway({ path: '/bids' })
export class BidsGateway implements OnGatewayDisconnect {
  private readonly watchers = new Map<string, Set<WebSocket>>();

  constructor(private readonly auction: AuctionService) {}

  @SubscribeMessage('watch')
  watch(@ConnectedSocket() client: WebSocket, @MessageBody() { lot }: { lot: string }) {
    const watchers = this.watchers.get(lot) ?? new Set();
    this.watchers.set(lot, watchers.add(client));
  }

  @SubscribeMessage('bid')
  bid(@MessageBody() bid: { lot: string; cents: number }) {
    if (!this.auction.bid(bid.lot, bid.cents)) return { event: 'refused', data: bid };
    for (const client of this.watchers.get(bid.lot) ?? [])
      client.send(JSON.stringify({ event: 'highest', data: bid }));
  }

  handleDisconnect(client: WebSocket) {
    for (const watchers of this.watchers.values()) watchers.delete(client);
  }
}
// #endregion gateway

// #region messages
@StreamMessage('bids.watch')
export class Watch {
  declare readonly $type: 'bids.watch';
  @IsString() @MaxLength(64) lot!: string;
}

@StreamMessage('bids.bid')
export class Bid {
  declare readonly $type: 'bids.bid';
  @IsString() @MaxLength(64) lot!: string;
  @IsInt() @Min(1) cents!: number;
}

@StreamMessage('bids.highest')
export class Highest {
  declare readonly $type: 'bids.highest';
  @IsString() lot!: string;
  @IsInt() cents!: number;
}
// #endregion messages

// #region endpoint
export const lotChannel = defineChannel('lot', { messages: [Highest] });

@StreamEndpoint('bids')
export class BidsEndpoint {
  constructor(
    private readonly auction: AuctionService,
    private readonly messages: MessagesService,
  ) {}

  @OnStreamMessage(Watch)
  async watch(session: StreamSession<Highest>, message: Watch) {
    await session.subscribe(lotChannel(message.lot));
  }

  @OnStreamMessage(Bid)
  async bid(_session: StreamSession<Highest>, message: Bid) {
    const { lot, cents } = message;
    if (!this.auction.bid(lot, cents)) throw new CodedError('TOO_LOW', `Lot ${lot} has a higher bid.`);
    await this.messages.postMessage(lotChannel(lot), create(Highest, { lot, cents }));
  }
}

export type AppStreams = StreamsOf<{ bids: BidsEndpoint; paddle: PaddleEndpoint }>;
// #endregion endpoint

// #region state
@SessionScoped()
export class Paddle {
  bids = 0;
}

@StreamEndpoint('paddle')
export class PaddleEndpoint {
  constructor(private readonly auction: AuctionService) {}

  @OnStreamMessage(Bid)
  bid(_session: StreamSession, _message: Bid, @UserObject() paddle: Paddle) {
    paddle.bids += 1;
  }

  @OnStreamClosed()
  closed(session: StreamSession, reason: SessionCloseReason) {
    const bids = session.getUserObject(Paddle)?.bids ?? 0;
    this.auction.left.push(`${reason.code} after ${bids}`);
  }
}
// #endregion state

@StreamMessage('prices.ask')
export class AskPrice {
  declare readonly $type: 'prices.ask';
  @IsString() @MaxLength(64) id!: string;
  @IsString() @MaxLength(64) lot!: string;
}

@StreamMessage('prices.price')
export class Price {
  declare readonly $type: 'prices.price';
  @IsString() id!: string;
  @IsInt() cents!: number;
}

@StreamEndpoint('prices')
export class PricesEndpoint {
  constructor(private readonly auction: AuctionService) {}

  // #region answer
  @OnStreamMessage(AskPrice)
  ask(_session: StreamSession<Price>, { id, lot }: AskPrice) {
    return create(Price, { id, cents: this.auction.priceOf(lot) });
  }
  // #endregion answer
}

export type PriceClient = ReturnType<typeof connectPrices>;

export function connectPrices(url: string) {
  return createStreamClient<StreamsOf<{ prices: PricesEndpoint }>>()({ url, messages: [AskPrice, Price] });
}

// #region ask
export async function askPrice(client: PriceClient, lot: string): Promise<number> {
  const id = crypto.randomUUID();
  const answers = client.prices.stream[Symbol.asyncIterator]();
  try {
    await client.prices.sendStreamMessage(create(AskPrice, { id, lot }));
    for (;;) {
      const { value, done } = await answers.next();
      if (done) throw new Error('The client was closed.');
      if (value.id === id) return value.cents;
    }
  } finally {
    await answers.return?.();
  }
}
// #endregion ask

// #region module
@Module({
  imports: [StreamsModule.forRoot()],
  providers: [AuctionService, BidsGateway, BidsEndpoint, PaddleEndpoint, Paddle, PricesEndpoint],
})
export class AuctionModule {}
// #endregion module

export async function bidOnce(url: string) {
  // #region client
  const client = createStreamClient<AppStreams>()({ url, messages: [Watch, Bid, Highest] });
  await client.connectWebSocket();
  client.bids.addStreamOpenedListener(() => {
    // Again after each reconnect.
    client.bids
      .sendStreamMessage(create(Watch, { lot: 'vase' }))
      .catch((error: unknown) => console.error(error));
  });
  await client.bids.sendStreamMessage(create(Bid, { lot: 'vase', cents: 500 }));
  for await (const highest of client.bids.stream) {
    console.log(`${highest.lot}: ${highest.cents}`);
    if (highest.cents >= 500) break;
  }
  // #endregion client
  return client;
}
