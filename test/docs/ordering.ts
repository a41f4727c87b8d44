// The code of docs/ordering.md; compiled with the tests, and run by ordering.spec.ts.
import { Injectable } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import { IsInt, IsString } from 'class-validator';

// #region message
@StreamMessage('stock.is')
export class StockIs {
  declare readonly $type: 'stock.is';
  @IsString() sku!: string;
  @IsInt() left!: number;
  /** Increases by one with each change of the row. */
  @IsInt() version!: number;
}

export const stock = defineChannel('stock', { messages: [StockIs] });
// #endregion message

/** A row as the database returns it. */
export interface StockRow {
  readonly left: number;
  readonly version: number;
}

export abstract class StockTable {
  abstract take(sku: string, count: number): Promise<StockRow>;
  abstract read(sku: string): Promise<StockRow>;
}

// #region change
@Injectable()
export class StockService {
  constructor(
    private readonly table: StockTable,
    private readonly messages: MessagesService,
  ) {}

  async take(sku: string, count: number): Promise<void> {
    // UPDATE stock SET left = left - $2, version = version + 1 WHERE sku = $1 RETURNING left, version
    const { left, version } = await this.table.take(sku, count);
    await this.messages.postMessage(stock(sku), create(StockIs, { sku, left, version }));
  }
}
// #endregion change

// #region apply
export class StockView {
  private readonly rows = new Map<string, StockIs>();

  /** Applies a message unless a newer one was applied before. */
  apply(message: StockIs): boolean {
    const { sku, version } = message;
    if (version <= (this.rows.get(sku)?.version ?? 0)) return false;
    this.rows.set(sku, message);
    return true;
  }

  left(sku: string): number | undefined {
    return this.rows.get(sku)?.left;
  }
}
// #endregion apply

// #region conditional
/** Posts the present content of the row, again after each change in between. */
export async function postPresent(table: StockTable, messages: MessagesService, sku: string): Promise<void> {
  let row = await table.read(sku);
  for (;;) {
    await messages.postMessage(stock(sku), create(StockIs, { sku, ...row }));
    const { version } = row;
    row = await table.read(sku);
    if (row.version === version) return;
  }
}
// #endregion conditional
