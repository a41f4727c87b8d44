import { ErrorCode } from '../error/error-code.js';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../limits.js';
import { packedNatively, readNatively } from '../value/natives.js';
import type { Codec, EncodedMessage, FrameHead, MessageFrameHead } from './codec.js';
import { FrameFault } from './frame-fault.js';
import { guardClientFrame } from './frame-guard.js';
import { MESSAGE_PACK_SUBPROTOCOL, type ClientFrame, type Frame, type PublicationPlace } from './frame.js';
import { pack, unpack } from './pack.js';
import { peekPacked } from './pack-peek.js';
import { scanPacked } from './pack-scan.js';

/** The frames of the JSON codec as MessagePack; bytes and dates are native values. */
export class MessagePackCodec implements Codec {
  readonly subprotocol = MESSAGE_PACK_SUBPROTOCOL;
  readonly isBinary = true;
  readonly natives = packedNatively;
  readonly redeliveredMark = '\xabredelivered';

  constructor(private readonly limits: JsonLimits = DEFAULT_JSON_LIMITS) {}

  encodeFrame(frame: Frame): Uint8Array {
    return pack(frame);
  }

  encodeServerMessage(stream: string, { type, data }: EncodedMessage, channel?: string): Uint8Array {
    const of = channel === undefined ? undefined : { channel };
    return pack({ t: 'message', stream, ...of, type, data: readNatively(data) });
  }

  encodePublication(channel: string, { type, data }: EncodedMessage, place?: PublicationPlace): Uint8Array {
    return pack({ t: 'publication', channel, ...place, type, data: readNatively(data) });
  }

  encodeItem(call: number, n: number, { type, data }: EncodedMessage): Uint8Array {
    return pack({ t: 'item', call, n, type, data: readNatively(data) });
  }

  encodeAround(head: MessageFrameHead, { type, data }: EncodedMessage): Uint8Array {
    return pack({ ...head, type, data: readNatively(data) });
  }

  encodeAck(stream: string, id: number): Uint8Array {
    return pack({ t: 'ack', stream, id });
  }

  peek(bytes: Uint8Array): FrameHead {
    return peekPacked(bytes);
  }

  decodeClientFrame(payload: Uint8Array): ClientFrame | FrameFault {
    const fault = scanPacked(payload, this.limits);
    if (fault) return fault;
    try {
      return guardClientFrame(unpack(ownBytes(payload)));
    } catch {
      return new FrameFault(ErrorCode.BadFrame, 'The frame is not valid MessagePack.');
    }
  }
}

/**
 * Returns the bytes of a frame as a Uint8Array, so that decoded bytes are no Buffers.
 *
 * Bytes in a message are views of the frame. A frame in a much larger buffer is copied, so that a handler
 * that keeps such a view does not keep the whole buffer alive.
 */
function ownBytes(payload: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = payload;
  return 2 * length < buffer.byteLength
    ? new Uint8Array(payload)
    : new Uint8Array(buffer, byteOffset, length);
}
