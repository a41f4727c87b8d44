import { ErrorCode } from '../error/error-code.js';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../limits.js';
import { packedNatively, readNatively } from '../value/natives.js';
import type { Codec, EncodedMessage, FrameHead } from './codec.js';
import { FrameFault } from './frame-fault.js';
import { guardClientFrame } from './frame-guard.js';
import { MESSAGE_PACK_SUBPROTOCOL, type ClientFrame, type Frame, type PublicationPlace } from './frame.js';
import { pack, unpack } from './pack.js';
import { peekPacked } from './pack-peek.js';
import { scanPacked } from './pack-scan.js';

/** The same frames as in JSON, packed: bytes travel as bytes, dates as timestamps. */
export class MessagePackCodec implements Codec {
  readonly subprotocol = MESSAGE_PACK_SUBPROTOCOL;
  readonly isBinary = true;
  readonly natives = packedNatively;
  readonly againMark = '\xa5again';

  constructor(private readonly limits: JsonLimits = DEFAULT_JSON_LIMITS) {}

  encodeFrame(frame: Frame): Uint8Array {
    return pack(frame);
  }

  encodeServerMessage(endpoint: string, { type, data }: EncodedMessage): Uint8Array {
    return pack({ t: 'message', endpoint, type, data: readNatively(data) });
  }

  encodePublication(channel: string, { type, data }: EncodedMessage, place?: PublicationPlace): Uint8Array {
    return pack({ t: 'publication', channel, ...place, type, data: readNatively(data) });
  }

  encodeAck(endpoint: string, id: number): Uint8Array {
    return pack({ t: 'ack', endpoint, id });
  }

  peek(bytes: Uint8Array): FrameHead {
    return peekPacked(bytes);
  }

  decodeClientFrame(payload: Uint8Array): ClientFrame | FrameFault {
    const fault = scanPacked(payload, this.limits);
    if (fault) return fault;
    try {
      // A Buffer would bring Buffers forth.
      return guardClientFrame(unpack(new Uint8Array(payload.buffer, payload.byteOffset, payload.length)));
    } catch {
      return new FrameFault(ErrorCode.BadFrame, 'The frame is not valid MessagePack.');
    }
  }
}
