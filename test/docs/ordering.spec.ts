import { Test } from '@nestjs/testing';
import { MessagesModule, MessagesService } from '@nestwire/messages';
import { until } from '../rig/until.js';
import {
  postPresent,
  stock,
  StockService,
  StockTable,
  StockView,
  type StockIs,
  type StockRow,
} from './ordering.js';

/** A table whose answers to one server are held back: that server posts later than it changed the row. */
class SlowTable extends StockTable {
  private row: StockRow = { left: 10, version: 0 };
  private held: Array<() => void> = [];
  isSlow = true;

  async take(_sku: string, count: number): Promise<StockRow> {
    const row = (this.row = { left: this.row.left - count, version: this.row.version + 1 });
    if (this.isSlow) await new Promise<void>((resolve) => this.held.push(resolve));
    return row;
  }

  async read(): Promise<StockRow> {
    const { row } = this;
    if (this.isSlow) await new Promise<void>((resolve) => this.held.push(resolve));
    return row;
  }

  answer(): void {
    for (const resolve of this.held.splice(0)) resolve();
  }
}

describe('docs/ordering.md', () => {
  let messages: MessagesService;
  let close: () => Promise<void>;
  let table: SlowTable;
  let seen: StockIs[];
  let view: StockView;

  beforeEach(async () => {
    const app = await Test.createTestingModule({ imports: [MessagesModule.forRoot()] }).compile();
    await app.init();
    close = () => app.close();
    messages = app.get(MessagesService);
    table = new SlowTable();
    seen = [];
    view = new StockView();
    await messages.addListener(stock('tea'), (message) => {
      seen.push(message);
      view.apply(message);
    });
  });
  afterEach(() => close());

  /** Two servers change the row, one after the other; the first one posts last. */
  async function changeTwice(): Promise<void> {
    const [first, second] = [new StockService(table, messages), new StockService(table, messages)];
    const slow = first.take('tea', 1);
    table.isSlow = false;
    await second.take('tea', 2);
    table.answer();
    await slow;
  }

  it('shows the problem: posts come in another order than the changes', async () => {
    await changeTwice();

    expect(seen.map(({ left }) => left)).toEqual([7, 9]);
  });

  it('keeps the newest by its version', async () => {
    await changeTwice();

    expect(view.left('tea')).toBe(7);
    expect((await table.read()).left).toBe(7);
  });

  it('posts again what was changed while it was posted', async () => {
    const posting = postPresent(table, messages, 'tea');
    table.isSlow = false;
    await new StockService(table, messages).take('tea', 4);
    table.answer();
    await posting;

    await until(() => seen.length === 3);
    expect(seen.map(({ left }) => left)).toEqual([6, 10, 6]);
  });
});
