// A recipe of docs/recipes.md; run by recipes.spec.ts.
import { Injectable } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import { OnStreamOpened, StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';
import { IsInt } from 'class-validator';

// #region server
@StreamMessage('dashboard.sales')
export class Sales {
  declare readonly $type: 'dashboard.sales';
  @IsInt() orders!: number;
  @IsInt() cents!: number;
}

export const sales = defineChannel('sales', { messages: [Sales], latest: true });

@StreamEndpoint('dashboard')
export class DashboardEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Sales>): Promise<void> {
    await session.subscribe(sales); // begins with the newest figures
  }
}

@Injectable()
export class SalesService {
  constructor(private readonly messages: MessagesService) {}

  async publish(orders: number, cents: number): Promise<void> {
    await this.messages.postMessage(sales, create(Sales, { orders, cents }));
  }
}
// #endregion server

export type DashboardStreams = StreamsOf<{ dashboard: DashboardEndpoint }>;
