// A recipe of docs/recipes.md; run by composition.spec.ts.
import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { defineChannel, MessagesService, OnChannelMessage } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { IsString } from 'class-validator';

// #region server
@StreamMessage('invoice.pay')
export class Pay {
  declare readonly $type: 'invoice.pay';
  @IsString() invoiceId!: string;
}

@StreamMessage('invoice.paid')
export class InvoicePaid {
  declare readonly $type: 'invoice.paid';
  @IsString() invoiceId!: string;
}

export const invoices = defineChannel('invoices', { messages: [InvoicePaid] });

/** Carries events of this process to all servers, and those of all servers to the listeners of this process. */
@Injectable()
export class InvoiceBridge {
  constructor(
    private readonly messages: MessagesService,
    private readonly events: EventEmitter2,
  ) {}

  @OnEvent('invoice.paid.here')
  async post(invoiceId: string): Promise<void> {
    await this.messages.postMessage(invoices, create(InvoicePaid, { invoiceId }));
  }

  @OnChannelMessage(invoices)
  emit({ invoiceId }: InvoicePaid): void {
    this.events.emit('invoice.paid', invoiceId);
  }
}

@StreamEndpoint('invoices')
export class InvoicesEndpoint {
  constructor(private readonly events: EventEmitter2) {}

  @OnStreamMessage(Pay)
  async pay(_session: StreamSession, { invoiceId }: Pay): Promise<void> {
    await this.events.emitAsync('invoice.paid.here', invoiceId);
  }
}

export const imports = [EventEmitterModule.forRoot()];
export const providers = [InvoicesEndpoint, InvoiceBridge];
// #endregion server
