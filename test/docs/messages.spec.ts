import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MessagesModule, MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { until } from '../rig/until.js';
import {
  Bookkeeping,
  ClusterHealth,
  cook,
  firstLargeOrder,
  kitchen,
  KitchenDisplay,
  logBusySeconds,
  moveTable,
  mustReachAll,
  newestOrder,
  OrderCancelled,
  OrderPlaced,
  orders,
  OrdersController,
  ordersOf,
  watch,
} from './messages.js';

describe('The code of docs/messages.md', () => {
  const printed: string[] = [];
  let messages: MessagesService;
  let get: <T>(type: new (...args: never[]) => T) => T;
  let close: () => Promise<void>;
  const { log } = console;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    console.log = (...parts: unknown[]) => void printed.push(parts.join(' '));
    const app = await Test.createTestingModule({
      imports: [MessagesModule.forRoot()],
      controllers: [OrdersController],
      providers: [KitchenDisplay, Bookkeeping, ClusterHealth],
    }).compile();
    await app.init();
    close = () => app.close();
    get = (type) => app.get(type);
    messages = app.get(MessagesService);
  });
  afterEach(async () => {
    await close();
    console.log = log;
    printed.length = 0;
  });

  it('cooks what is posted on a channel with history, and begins with the newest order', async () => {
    const end = new AbortController();
    const cooked = cook(messages, end.signal);
    // The stream stands at the top of the history once its listener does.
    await messages.addListener(kitchen, () => undefined);
    const { position } = await messages.postMessage(kitchen, create(OrderPlaced, { id: '1', total: 2 }));
    await until(() => printed.length === 1);
    end.abort();
    await cooked;
    for (const id of ['2', '3'])
      await messages.postMessage(newestOrder, create(OrderPlaced, { id, total: 2 }));
    const newest: string[] = [];
    await messages.addListener(newestOrder, ({ id }) => newest.push(id));

    expect(printed).toEqual(['order.placed 1']);
    expect(position.offset).toBe(1);
    expect(newest.at(-1)).toBe('3');
  });

  const place = (id: string, total: number) =>
    messages.postMessage('orders', create(OrderPlaced, { id, total }));

  it('posts, and shows and books what was posted', async () => {
    const end = new AbortController();
    await get(KitchenDisplay).show(end.signal);

    expect(await get(OrdersController).place('7')).toEqual({ delivered: 'local' });
    end.abort();
    await place('8', 1);

    expect(printed).toEqual(['7 12', '7: 12', '8 1']);
    expect(get(ClusterHealth).isReady()).toBe(true);
  });

  it('finds the first large order', async () => {
    const finding = firstLargeOrder(messages);
    await place('7', 1);
    await place('8', 2_000);

    expect((await finding)?.id).toBe('8');
  });

  it('watches on behind a message of another class', async () => {
    const end = new AbortController();
    const watching = watch(messages, end.signal);
    await place('7', 1);
    await messages.postMessage('orders', create(OrderCancelled, { id: '7' }));
    await place('8', 1);

    await until(() => printed.at(-1) === '8');
    end.abort();
    await watching;
  });

  it('moves an order from table to table', async () => {
    const seen = messages.createStream(orders('1'));
    await moveTable(messages, '1', '2');

    expect((await seen.next()).value?.$type).toBe('order.cancelled');
  });

  it('gives what is stored, then what is new', async () => {
    const iterator = ordersOf(messages, '1', async () => {
      await messages.postMessage(orders('1'), create(OrderPlaced, { id: 'new' }));
      return [create(OrderPlaced, { id: 'stored' })];
    });

    expect((await iterator.next()).value?.id).toBe('stored');
    expect((await iterator.next()).value?.id).toBe('new');
    await iterator.return(undefined);
  });

  it('observes until its signal aborts', async () => {
    const end = new AbortController();
    logBusySeconds(messages, end.signal);
    for (let id = 0; id < 11; id++)
      await messages.postMessage(orders('counter'), create(OrderPlaced, { id: `${id}` }));
    end.abort();

    await until(() => printed.includes('11 orders in a second'));
  });

  it('fails a global post without a cluster', async () => {
    await expect(mustReachAll(messages, create(OrderPlaced, { id: '1' }))).rejects.toMatchObject({
      code: 'NO_CLUSTER',
    });
  });
});
