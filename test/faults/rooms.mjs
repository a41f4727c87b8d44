import { defineChannel } from '@nestwire/messages';
import { StreamMessage } from '@nestwire/protocol';
import { IsInt, IsString } from 'class-validator';
import { decorate } from '../rig/decorate.mjs';

/** A posted message; it contains its id, so that receivers can record it. */
export const Note = decorate(class Note {}, {
  decorators: [StreamMessage('faults.note')],
  properties: { id: [String, IsString()], room: [Number, IsInt()], text: [String, IsString()] },
});

/** An order of a client that must be done once. */
export const Order = decorate(class Order {}, {
  decorators: [StreamMessage('faults.order')],
  properties: { sid: [String, IsString()], seq: [Number, IsInt()] },
});

/** Asks for a storm of subscriptions within one session. */
export const Storm = decorate(class Storm {}, {
  decorators: [StreamMessage('faults.storm')],
  properties: { rounds: [Number, IsInt()], seed: [Number, IsInt()] },
});

/** Longer than a run: in the end all that was posted is compared. */
const HISTORY = { messages: 20_000, ageMs: 600_000 };

/**
 * Defines the rooms of a scenario.
 *
 * @param {{ history?: import('@nestwire/messages').HistoryLength, durability?: any }} [options]
 */
export function defineRoom({ history = HISTORY, durability = 'memory' } = {}) {
  return defineChannel('room', { messages: [Note], history, durability });
}
