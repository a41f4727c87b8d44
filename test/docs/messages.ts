// The code of docs/messages.md; compiled with the tests.
import { Controller, Injectable, Logger, Module, Param, Post } from '@nestjs/common';
import {
  defineChannel,
  MessagesError,
  MessagesErrorCode,
  MessagesModule,
  MessagesService,
  DurableConsumer,
  DurableConsumersService,
  OnChannelMessage,
  type ConsumerDelivery,
} from '@nestwire/messages';
import { SAFE_CLIENT_OPTIONS } from '@nestwire/messages/redis';
import { create, StreamGap, StreamMessage } from '@nestwire/protocol';
import { Redis } from 'ioredis';
import { bufferTime, filter } from 'rxjs';

// #region message
@StreamMessage('order.placed')
export class OrderPlaced {
  declare readonly $type: 'order.placed';
  id!: string;
  total!: number;
  placedAt: Date = new Date();
}

@StreamMessage('order.cancelled')
export class OrderCancelled {
  declare readonly $type: 'order.cancelled';
  id!: string;
}
// #endregion message

// #region module
@Module({
  imports: [MessagesModule.forRoot({ redis: { connection: process.env.REDIS_URL, prefix: 'shop' } })],
})
export class AppModule {}
// #endregion module

// #region post
@Controller('orders')
export class OrdersController {
  constructor(private readonly messages: MessagesService) {}

  @Post(':id')
  async place(@Param('id') id: string): Promise<{ delivered: string }> {
    return this.messages.postMessage('orders', create(OrderPlaced, { id, total: 12 }));
  }
}
// #endregion post

// #region listen
@Injectable()
export class KitchenDisplay {
  constructor(private readonly messages: MessagesService) {}

  async show(signal: AbortSignal): Promise<void> {
    await this.messages.addListener('orders', (order: OrderPlaced) => this.draw(order), { signal });
  }

  private draw(order: OrderPlaced): void {
    console.log(`${order.id}: ${order.total}`);
  }
}
// #endregion listen

// #region decorator
@Injectable()
export class Bookkeeping {
  @OnChannelMessage('orders', OrderPlaced)
  async placed(order: OrderPlaced): Promise<void> {
    await this.enter(order.id, order.total);
  }

  private async enter(id: string, total: number): Promise<void> {
    console.log(id, total);
  }
}
// #endregion decorator

// #region channel
export const orders = defineChannel('orders', { messages: [OrderPlaced, OrderCancelled] });

export async function moveTable(messages: MessagesService, from: string, to: string): Promise<void> {
  await messages.postMessage(orders(from), create(OrderCancelled, { id: '7' }));
  await messages.postMessage(orders(to), create(OrderPlaced, { id: '7', total: 12 }));
}
// #endregion channel

// #region recoverable
export const kitchen = defineChannel('kitchen', {
  messages: [OrderPlaced, OrderCancelled],
  history: { messages: 1_000, ageMs: 3_600_000 },
});
export const newestOrder = defineChannel('newest-order', { messages: [OrderPlaced], latest: true });

export async function cook(messages: MessagesService, signal: AbortSignal): Promise<void> {
  for await (const order of messages.createStream(kitchen, undefined, { signal })) {
    if (order instanceof StreamGap) console.log(`some orders are missing: ${order.reason}`);
    else console.log(`${order.$type} ${order.id}`);
  }
}
// #endregion recoverable

// #region consumer
@Injectable()
export class Invoices {
  readonly sent = new Set<string>();

  @DurableConsumer(kitchen, { name: 'invoices' })
  async send(order: OrderPlaced | OrderCancelled | StreamGap, { attempt }: ConsumerDelivery): Promise<void> {
    if (order instanceof StreamGap) return this.compare();
    if (attempt > 1 && this.sent.has(order.id)) return;
    this.sent.add(order.id);
  }

  /** Looks for orders without an invoice in the database. */
  private compare(): void {}
}
// #endregion consumer

// #region add-consumer
export async function startShipping(
  consumers: DurableConsumersService,
  ship: (id: string) => Promise<void>,
  store: (data: string) => Promise<void>,
): Promise<void> {
  await consumers.addConsumer(
    kitchen,
    async (order) => {
      if (order instanceof OrderPlaced) await ship(order.id);
    },
    { name: 'shipping', concurrency: 4, from: 'oldest', onFailed: ({ data }) => store(data) },
  );
}
// #endregion add-consumer

// #region stream
export async function firstLargeOrder(messages: MessagesService): Promise<OrderPlaced | undefined> {
  await using stream = messages.createStream('orders', OrderPlaced, { signal: AbortSignal.timeout(60_000) });
  for await (const order of stream) if (order.total > 1_000) return order;
  return undefined;
}
// #endregion stream

// #region stream-errors
export async function watch(messages: MessagesService, signal: AbortSignal): Promise<void> {
  const stream = messages.createStream('orders', OrderPlaced, { signal });
  while (!stream.ended) {
    try {
      for await (const order of stream) console.log(order.id);
    } catch (error) {
      if (!(error instanceof MessagesError) || error.code !== MessagesErrorCode.WrongMessage) throw error;
    }
  }
}
// #endregion stream-errors

// #region observe
export function logBusySeconds(messages: MessagesService, signal: AbortSignal): void {
  messages
    .observe(orders('counter'), { signal })
    .pipe(
      bufferTime(1_000),
      filter((second) => second.length > 10),
    )
    .subscribe((second) => console.log(`${second.length} orders in a second`));
}
// #endregion observe

// #region snapshot
export async function* ordersOf(
  messages: MessagesService,
  table: string,
  stored: () => Promise<readonly OrderPlaced[]>,
): AsyncGenerator<OrderPlaced | OrderCancelled> {
  await using stream = messages.createStream(orders(table));
  await stream.attached;
  yield* await stored();
  yield* stream;
}
// #endregion snapshot

// #region status
@Injectable()
export class ClusterHealth {
  private readonly logger = new Logger(ClusterHealth.name);

  constructor(private readonly messages: MessagesService) {
    messages.addStatusListener((status) => this.logger.log(`channels are ${status}`));
  }

  isReady(): boolean {
    return this.messages.status !== 'degraded';
  }
}
// #endregion status

// #region global
export async function mustReachAll(messages: MessagesService, order: OrderPlaced): Promise<boolean> {
  try {
    await messages.postMessage('orders', order, { scope: 'global' });
    return true;
  } catch (error) {
    if (error instanceof MessagesError && error.code === MessagesErrorCode.Unavailable) return false;
    throw error;
  }
}
// #endregion global

// #region redis
export const single = MessagesModule.forRoot({ redis: 'rediss://user:password@redis.example.com:6380' });

export const sentinel = MessagesModule.forRoot({
  redis: { sentinels: [{ host: 'sentinel-1', port: 26_379 }], name: 'main' },
});

export const cluster = MessagesModule.forRoot({
  redis: { nodes: [{ host: 'node-1', port: 7_000 }] },
});
// #endregion redis

// #region client
export const client = MessagesModule.forRootAsync({
  useFactory: () => ({ redis: new Redis({ host: 'redis', ...SAFE_CLIENT_OPTIONS }) }),
});
// #endregion client
