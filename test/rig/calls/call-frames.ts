import type { ClientFrame, ServerFrame } from '@nestwire/protocol/codec';
import type { LineTap } from '../recovery/client-lines.js';
import { WORK_LIMITS } from './work.app.js';

/** The items of one direction of a call on one connection. */
interface Flow {
  items: number;
  credit: number;
  isOver: boolean;
}

/** A frame that makes its sender the reader of a call. */
export interface ReaderFrame {
  /** The name of the call for all devices. */
  readonly callId?: string;
  /** The call of the sender. */
  readonly id: number;
}

/** Checks the frames of calls on all connections of a client: order, windows, ends. */
export class CallFrames implements LineTap {
  readonly broken = new Set<string>();
  readonly readers: ReaderFrame[] = [];
  readonly #toClient = new Map<string, Flow>();
  readonly #toServer = new Map<string, Flow>();

  sent(line: number, text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    if (frame.t === 'call' || frame.t === 'attach') {
      const key = `${line} ${frame.id}`;
      const { received, consumed = received } =
        frame.t === 'attach' ? frame : { received: 0, consumed: undefined };
      this.readers.push(frame);
      this.#toClient.set(key, { items: received, credit: consumed, isOver: false });
      this.#toServer.set(key, { items: 0, credit: 0, isOver: false });
    }
    const key = `${line} ${(frame as { call?: number }).call}`;
    if (frame.t === 'credit') this.#credit('client', this.#toClient.get(key), frame.consumed);
    if (frame.t === 'item') this.#item('server', this.#toServer.get(key));
    if (frame.t === 'end') this.#end(this.#toServer.get(key));
  }

  received(line: number, text: string): void {
    const frame = JSON.parse(text) as ServerFrame;
    const id = frame.t === 'error' ? frame.id : (frame as { call?: number }).call;
    const key = `${line} ${id}`;
    const flow = this.#toClient.get(key);
    if (!flow) return;
    if (flow.isOver) this.broken.add(`the server sends ${frame.t} after the end`);
    if (frame.t === 'credit') this.#credit('server', this.#toServer.get(key), frame.consumed);
    if (frame.t === 'item') {
      if (frame.n !== flow.items + 1) this.broken.add(`the server sends item ${frame.n} after ${flow.items}`);
      this.#item('client', flow);
    }
    if (frame.t === 'reply' || frame.t === 'end' || frame.t === 'error') flow.isOver = true;
  }

  #item(to: string, flow: Flow | undefined): void {
    if (!flow || flow.isOver) return void this.broken.add(`an item to the ${to} outside of its call`);
    flow.items++;
    const inFlight = flow.items - flow.credit;
    if (inFlight > WORK_LIMITS.callWindow) this.broken.add(`${inFlight} items in flight to the ${to}`);
  }

  #credit(of: string, flow: Flow | undefined, consumed: number): void {
    if (!flow || consumed > flow.items) this.broken.add(`the ${of} consumes more than it got`);
    else flow.credit = Math.max(flow.credit, consumed);
  }

  #end(flow: Flow | undefined): void {
    if (!flow || flow.isOver) this.broken.add('the client ends its items twice');
    else flow.isOver = true;
  }
}
