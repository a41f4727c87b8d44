// A recipe of docs/recipes.md; run by composition.spec.ts.
import { CommandBus, CommandHandler, EventBus, EventsHandler, CqrsModule, Command } from '@nestjs/cqrs';
import type { ICommandHandler, IEventHandler } from '@nestjs/cqrs';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { CodedError, create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { IsInt, IsString, Min } from 'class-validator';

// #region server
@StreamMessage('stock.reserve')
export class Reserve {
  declare readonly $type: 'stock.reserve';
  @IsString() product!: string;
  @IsInt() @Min(1) count!: number;
}

@StreamMessage('stock.changed')
export class StockChanged {
  declare readonly $type: 'stock.changed';
  @IsString() product!: string;
  @IsInt() left!: number;
}

export const stock = defineChannel('stock', { messages: [StockChanged] });

export class ReserveCommand extends Command<number> {
  constructor(
    readonly product: string,
    readonly count: number,
  ) {
    super();
  }
}

export class ReservedEvent {
  constructor(
    readonly product: string,
    readonly left: number,
  ) {}
}

@CommandHandler(ReserveCommand)
export class ReserveHandler implements ICommandHandler<ReserveCommand> {
  private readonly left = new Map([['chair', 3]]);

  constructor(private readonly events: EventBus) {}

  async execute({ product, count }: ReserveCommand): Promise<number> {
    const left = (this.left.get(product) ?? 0) - count;
    if (left < 0) throw new CodedError('SOLD_OUT', `There are not ${count} of ${product} left.`);
    this.left.set(product, left);
    await this.events.publish(new ReservedEvent(product, left));
    return left;
  }
}

/** Carries events of the domain to the clients. */
@EventsHandler(ReservedEvent)
export class StockPublisher implements IEventHandler<ReservedEvent> {
  constructor(private readonly messages: MessagesService) {}

  async handle({ product, left }: ReservedEvent): Promise<void> {
    await this.messages.postMessage(stock, create(StockChanged, { product, left }));
  }
}

@StreamEndpoint('stock')
export class StockEndpoint {
  constructor(private readonly commands: CommandBus) {}

  @OnStreamOpened()
  async opened(session: StreamSession<StockChanged>): Promise<void> {
    await session.subscribe(stock);
  }

  @OnStreamMessage(Reserve)
  async reserve(_session: StreamSession<StockChanged>, { product, count }: Reserve): Promise<void> {
    await this.commands.execute(new ReserveCommand(product, count));
  }
}

export const imports = [CqrsModule.forRoot()];
export const providers = [StockEndpoint, ReserveHandler, StockPublisher];
// #endregion server

export type StockStreams = StreamsOf<{ stock: StockEndpoint }>;
