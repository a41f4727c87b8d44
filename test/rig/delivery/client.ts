import type { StreamGapReason } from '@nestwire/protocol';
import { positionOf, type Position } from '../../../libs/messages/src/history/position.js';
import type { ModelMessage } from './branch.js';

/** An event of a client: a position to begin from, a message, or a repeated one. */
export type Happening =
  | { readonly kind: 'begin'; readonly position: Position; readonly why: StreamGapReason | 'first' }
  | { readonly kind: 'message' | 'repeat'; readonly message: ModelMessage };

/** A client that comes back with its position. */
export class ModelClient {
  position: Position | undefined;
  readonly log: Happening[] = [];
  readonly #ids = new Set<string>();

  constructor(private readonly remembersIds: boolean) {}

  begin(position: Position, why: StreamGapReason | 'first'): void {
    this.position = positionOf(position);
    this.log.push({ kind: 'begin', position, why });
  }

  receive(message: ModelMessage): void {
    this.position = positionOf(message);
    const isKnown = this.remembersIds && this.#ids.has(message.messageId);
    this.#ids.add(message.messageId);
    this.log.push({ kind: isKnown ? 'repeat' : 'message', message });
  }
}
