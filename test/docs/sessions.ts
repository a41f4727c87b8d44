// The code of docs/sessions.md; compiled with the tests.
import { Injectable, Module, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { CodedError, create, type StreamGap, StreamMessage } from '@nestwire/protocol';
import { defineChannel, MessagesService, type PostResult } from '@nestwire/messages';
import {
  InjectStreamSession,
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  SessionScoped,
  StreamEndpoint,
  StreamMessageId,
  StreamsModule,
  StreamSession,
  StreamsService,
  UserObject,
  type OnSessionClosed,
  type StreamsOf,
} from '@nestwire/streams';
import { IsInt, IsString, MaxLength, Min } from 'class-validator';

interface AppUser {
  id: string;
}

// #region messages
@StreamMessage('shop.add')
export class AddToCart {
  declare readonly $type: 'shop.add';
  @IsString() @MaxLength(32) product!: string;
  @IsInt() @Min(1) count!: number;
}

@StreamMessage('shop.total')
export class CartTotal {
  declare readonly $type: 'shop.total';
  @IsInt() items!: number;
}
// #endregion messages

@Injectable()
export class StockService {
  has(_product: string, _count: number): boolean {
    return true;
  }
  release(_products: ReadonlyMap<string, number>): Promise<void> {
    return Promise.resolve();
  }
}

// #region user-object
@SessionScoped()
export class Cart implements OnSessionClosed {
  readonly products = new Map<string, number>();

  constructor(
    @InjectStreamSession() private readonly session: StreamSession<CartTotal, AppUser>,
    private readonly stock: StockService,
  ) {}

  async add(product: string, count: number): Promise<void> {
    this.products.set(product, (this.products.get(product) ?? 0) + count);
    await this.session.sendStreamMessage(create(CartTotal, { items: this.products.size }));
  }

  async onSessionClosed(): Promise<void> {
    await this.stock.release(this.products);
  }
}
// #endregion user-object

// #region endpoint
@StreamEndpoint('shop', { requireLogin: true })
export class ShopEndpoint {
  constructor(
    private readonly messages: MessagesService,
    private readonly stock: StockService,
  ) {}

  @OnStreamOpened()
  async opened(session: StreamSession<CartTotal, AppUser>): Promise<void> {
    await session.messages.addListener(`cart_${session.user.id}`, (total: CartTotal) =>
      session.sendStreamMessage(total),
    );
  }

  @OnStreamMessage(AddToCart)
  async add(session: StreamSession<CartTotal, AppUser>, message: AddToCart, @UserObject() cart: Cart) {
    if (!this.stock.has(message.product, message.count)) {
      throw new CodedError('OUT_OF_STOCK', `There is no ${message.product} left.`);
    }
    await cart.add(message.product, message.count);
    await this.messages.postMessage(
      `cart_${session.user.id}`,
      create(CartTotal, { items: cart.products.size }),
    );
  }

  @OnStreamClosed()
  closed(session: StreamSession, reason: SessionCloseReason): void {
    console.log(`${session.id} ended: ${reason.code}`);
  }
}

export type AppStreams = StreamsOf<{ shop: ShopEndpoint }>;
// #endregion endpoint

// #region module
@Module({
  imports: [StreamsModule.forRoot()],
  providers: [ShopEndpoint, Cart, StockService],
})
export class ShopModule {}
// #endregion module

// #region results
@StreamEndpoint('count')
export class CountEndpoint {
  @OnStreamMessage(AddToCart)
  async *count(session: StreamSession, message: AddToCart): AsyncGenerator<CartTotal> {
    for (let items = 1; items <= message.count && !session.signal.aborted; items++) {
      yield create(CartTotal, { items });
    }
  }
}
// #endregion results

@Injectable()
export class OrdersRepository {
  insertUnlessThere(_order: { messageId: string; product: string }): Promise<void> {
    return Promise.resolve();
  }
}

const room = defineChannel('sessions-docs.room', {
  messages: [CartTotal],
  history: { messages: 100, ageMs: 3_600_000 },
});

@Injectable()
export class MembersService {
  isMember(user: AppUser, channel: string): boolean {
    return channel !== `sessions-docs.room:closed-to-${user.id}`;
  }
  remove(_userId: string, _roomId: string): Promise<void> {
    return Promise.resolve();
  }
}

// #region resuming
@StreamEndpoint('rooms', { requireLogin: true })
export class RoomsEndpoint {
  constructor(private readonly members: MembersService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<CartTotal | StreamGap, AppUser>): Promise<void> {
    for (const channel of session.resuming) {
      if (!this.members.isMember(session.user, channel)) session.resuming.release(channel);
    }
    await session.subscribe(room('everybody'));
  }
}
// #endregion resuming

// #region params
export class RoomParams {
  @IsString() @MaxLength(64) roomId!: string;
}

type RoomSession = StreamSession<CartTotal | StreamGap, AppUser, RoomParams>;

@StreamEndpoint('room', { params: RoomParams, requireLogin: true })
export class RoomEndpoint {
  constructor(private readonly members: MembersService) {}

  @OnStreamOpened()
  async opened(session: RoomSession): Promise<void> {
    const { roomId } = session.params;
    if (!this.members.isMember(session.user, roomId)) {
      throw new CodedError('NOT_A_MEMBER', `You are not a member of ${roomId}.`);
    }
    await session.subscribe(room(roomId));
  }

  @OnStreamMessage(AddToCart)
  add(session: RoomSession, message: AddToCart): void {
    console.log(`${message.product} in ${session.params.roomId}`);
  }
}
// #endregion params

// #region close
@Injectable()
export class Moderation {
  constructor(
    private readonly members: MembersService,
    private readonly streams: StreamsService,
  ) {}

  async expel(userId: string, roomId: string): Promise<PostResult> {
    await this.members.remove(userId, roomId); // first, so that @OnStreamOpened refuses the user
    return this.streams.close({ endpoint: 'room', params: { roomId }, userId }, 'You were expelled.');
  }
}
// #endregion close

// #region once
@StreamEndpoint('orders')
export class OrdersEndpoint {
  constructor(private readonly orders: OrdersRepository) {}

  @OnStreamMessage(AddToCart, { once: true })
  async order(session: StreamSession, message: AddToCart, @StreamMessageId() messageId: string) {
    await this.orders.insertUnlessThere({ messageId, product: message.product });
  }
}
// #endregion once

// #region by-hand
class Visit {
  readonly since = new Date();
}

@StreamEndpoint('visits')
export class VisitsEndpoint {
  @OnStreamOpened()
  opened(session: StreamSession): void {
    session.setUserObject(new Visit());
  }

  @OnStreamClosed()
  closed(session: StreamSession): void {
    const visit = session.getUserObject(Visit);
    console.log(`was here since ${visit?.since.toISOString()}`);
  }
}
// #endregion by-hand

// #region guard
@Injectable()
export class OfficeHoursGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const session = context.switchToWs().getClient<StreamSession<never, AppUser>>();
    const hour = new Date().getHours();
    return session.user.id === 'night-watch' || (hour >= 8 && hour < 18);
  }
}

@UseGuards(OfficeHoursGuard)
@StreamEndpoint('office', { requireLogin: true })
export class OfficeEndpoint {}
// #endregion guard
