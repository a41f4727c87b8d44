// The messages and the endpoint of calls under faults, for servers and clients.
import { StreamMessage } from '@nestwire/protocol';
import { IsInt, IsString } from 'class-validator';
import { decorate } from '../rig/decorate.mjs';

/** The request of a call; its name identifies the call in all ledgers. */
export const Job = decorate(class Job {}, {
  decorators: [StreamMessage('faults.job')],
  properties: { name: [String, IsString()], count: [Number, IsInt()], restMs: [Number, IsInt()] },
});

/** An item of a call. */
export const Piece = decorate(class Piece {}, {
  decorators: [StreamMessage('faults.piece')],
  properties: { name: [String, IsString()], number: [Number, IsInt()] },
});

/** The one reply of a call. */
export const Done = decorate(class Done {}, {
  decorators: [StreamMessage('faults.done')],
  properties: { name: [String, IsString()], count: [Number, IsInt()] },
});

/** The time for which a call continues without a reader, in milliseconds. */
export const RESUMABLE_MS = 60_000;
