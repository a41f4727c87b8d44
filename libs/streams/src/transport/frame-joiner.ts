import type { PreparedPayload } from './wire.js';
import { headerLengthOf, writeTextFrame } from './ws-frame.js';

/** Returns the size of a prepared payload on the wire, in bytes. */
export function wireBytesOf(payload: PreparedPayload): number {
  if (typeof payload !== 'string') return payload.length;
  const bytes = Buffer.byteLength(payload);
  return headerLengthOf(bytes) + bytes;
}

/**
 * Joins the frames that one turn of the event loop writes to a connection.
 *
 * Subscribers of the same channels often get the same frames in a turn. They share the joined bytes.
 */
export class FrameJoiner {
  private lastPayloads: readonly PreparedPayload[] = [];
  private lastJoined: Uint8Array | undefined;

  /**
   * Returns the payloads as consecutive frames; the last result for the same payloads.
   *
   * @param bytes the sum of their sizes on the wire
   */
  join(payloads: readonly PreparedPayload[], bytes: number): Uint8Array {
    const [first] = payloads;
    if (payloads.length === 1 && first !== undefined && typeof first !== 'string') return first;
    if (this.lastJoined && isSame(payloads, this.lastPayloads)) return this.lastJoined;
    this.lastPayloads = payloads;
    return (this.lastJoined = joined(payloads, bytes));
  }

  /** Releases the bytes joined last, so that they do not stay in memory until the next join. */
  forget(): void {
    this.lastPayloads = [];
    this.lastJoined = undefined;
  }
}

function isSame(payloads: readonly PreparedPayload[], others: readonly PreparedPayload[]): boolean {
  if (payloads.length !== others.length) return false;
  for (let at = 0; at < payloads.length; at++) if (payloads[at] !== others[at]) return false;
  return true;
}

function joined(payloads: readonly PreparedPayload[], bytes: number): Buffer {
  const target = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const payload of payloads) {
    if (typeof payload === 'string') at = writeTextFrame(target, at, payload);
    else {
      target.set(payload, at);
      at += payload.length;
    }
  }
  return target;
}
