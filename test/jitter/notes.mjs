import { defineChannel } from '@nestwire/messages';
import { StreamMessage } from '@nestwire/protocol';
import { ArrayMaxSize, IsInt, IsString } from 'class-validator';
import { decorate } from '../rig/decorate.mjs';

/** A message of a room; the messages of each room are numbered from 1. */
export const Note = decorate(class Note {}, {
  decorators: [StreamMessage('jitter.note')],
  properties: { room: [Number, IsInt()], number: [Number, IsInt()], text: [String, IsString()] },
});

/** A request of a client to receive rooms. */
export const Join = decorate(class Join {}, {
  decorators: [StreamMessage('jitter.join')],
  properties: { rooms: [Array, IsInt({ each: true }), ArrayMaxSize(100)] },
});

/** A request of a client that is answered after a while. */
export const Ask = decorate(class Ask {}, {
  decorators: [StreamMessage('jitter.ask')],
  properties: { id: [String, IsString()], workMs: [Number, IsInt()] },
});

/** Everything that a client gets or sends. */
export const CLASSES = [Note, Join, Ask];

/** A room keeps more than anyone misses here. */
export const room = defineChannel('jitter', {
  messages: [Note],
  history: { messages: 5_000, ageMs: 600_000 },
});

/** As long as a line of a chat. */
export const TEXT =
  'A line as people write them, of a hundred characters or so: the line that is sent on again and again.';
