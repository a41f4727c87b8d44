import type { JsonLimits } from '../limits.js';
import type { Natives } from '../value/wire-value.js';
import type { ReplyFrame, RequestFrame } from './call-frame.js';
import type { FrameFault } from './frame-fault.js';
import type { ClientFrame, Frame, PublicationPlace } from './frame.js';

/** A message that is encoded once and shared by all frames that carry it. */
export interface EncodedMessage {
  /** The name of the message class. */
  readonly type: string;
  /** The properties, as JSON text. */
  readonly data: string;
}

/** The payload of one WebSocket message: text or bytes. */
export type FramePayload = string | Uint8Array;

/** The first fields of a frame, read without decoding it. */
export interface FrameHead {
  readonly t?: string;
  readonly id?: number;
  /** The call of the frame. */
  readonly call?: number;
  /** The request that the frame answers. */
  readonly request?: number;
  /** The key of the stream. */
  readonly stream?: string;
}

/** The fields before the message of a `reply` or `request` frame. */
export type MessageFrameHead = Omit<ReplyFrame, 'type' | 'data'> | Omit<RequestFrame, 'type' | 'data'>;

/** Encodes and decodes frames on a server. */
export interface Codec {
  /** The WebSocket subprotocol that selects this codec. */
  readonly subprotocol: string;
  /** True when frames are bytes, false when they are text. */
  readonly isBinary: boolean;
  /** Selects values that `encodeFrame` takes unchanged in `data`; without it, only the values of JSON. */
  readonly natives?: Natives;
  encodeFrame(frame: Frame): FramePayload;
  /** Encodes a message frame around encoded properties. `channel` is set for a snapshot. */
  encodeServerMessage(stream: string, message: EncodedMessage, channel?: string): FramePayload;
  /** Encodes a publication frame around encoded properties. */
  encodePublication(channel: string, message: EncodedMessage, place?: PublicationPlace): FramePayload;
  /** Encodes item number `n` of a call around encoded properties. */
  encodeItem(call: number, n: number, message: EncodedMessage): FramePayload;
  /** Encodes a frame with other fields around encoded properties. */
  encodeAround(head: MessageFrameHead, message: EncodedMessage): FramePayload;
  /** Encodes the cumulative acknowledgement of messages. */
  encodeAck(stream: string, id: number): FramePayload;
  /** Checks and decodes a client's frame; never throws. */
  decodeClientFrame(payload: FramePayload): ClientFrame | FrameFault;
  /**
   * Reads the first fields of a frame that is refused without decoding.
   *
   * It reads at most 512 bytes, so that the cost does not grow with the frame. The fields are not checked.
   */
  peek(bytes: Uint8Array): FrameHead;
  /** The key of the field `redelivered` in encoded form, with one character for each byte. */
  readonly redeliveredMark: string;
}

/** A codec for the `codecs` option of a server. */
export interface CodecOption {
  readonly subprotocol: string;
  /** Returns a codec that refuses frames beyond the limits before it decodes them. */
  withLimits(limits: JsonLimits): Codec;
}

/** Encodes and decodes frames on a client. */
export interface ClientCodec {
  /** The subprotocols to offer, in order of preference; `encode` receives the chosen one. */
  readonly subprotocols: string | string[];
  /** Selects values that `encode` takes unchanged in `data`. */
  readonly natives?: Natives;
  /** Encodes a frame; in the first subprotocol while none is chosen. */
  encode(frame: object, subprotocol: string | undefined): FramePayload;
  /**
   * Decodes a server's frame.
   *
   * @throws {Error} when the payload is malformed
   */
  decode(payload: string | ArrayBuffer): unknown;
}
