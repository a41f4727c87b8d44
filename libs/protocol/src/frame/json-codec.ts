import { CodedError } from '../error/coded-error.js';
import { ErrorCode } from '../error/error-code.js';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../limits.js';
import { messageNameOf } from '../message/message-registry.js';
import { parseWellFormed, wellFormedText } from '../value/well-formed.js';
import { encodeProperties } from '../value/wire-value.js';
import type { Codec, EncodedMessage, FrameHead, MessageFrameHead } from './codec.js';
import { FrameFault } from './frame-fault.js';
import { guardClientFrame } from './frame-guard.js';
import { JSON_SUBPROTOCOL, type ClientFrame, type Frame, type PublicationPlace } from './frame.js';
import { readPlainCall, readPlainItem } from './plain-call.js';
import { readPlainMessage } from './plain-message.js';
import { QuotedNames } from './quoted-names.js';
import { peekJson } from './json-peek.js';
import { scanJson } from './json-scan.js';

/** The place of the first letter of the type, and the letters of the frequent types. */
const KIND_AT = '{"t":"'.length;
const [KIND_MESSAGE, KIND_CALL, KIND_ITEM] = [0x6d, 0x63, 0x69];

/** Frames as JSON text, readable in a browser's tools. */
export class JsonCodec implements Codec {
  readonly subprotocol = JSON_SUBPROTOCOL;
  readonly isBinary = false;
  readonly redeliveredMark = '"redelivered"';
  private readonly names = new QuotedNames();

  constructor(private readonly limits: JsonLimits = DEFAULT_JSON_LIMITS) {}

  encodeFrame(frame: Frame): string {
    // Methods that return nothing are called often. Their reply has only the id of the call.
    if (frame.t === 'reply' && frame.type === undefined) return `{"t":"reply","call":${frame.call}}`;
    return JSON.stringify(frame);
  }

  encodeServerMessage(stream: string, { type, data }: EncodedMessage, channel?: string): string {
    const of = channel === undefined ? '' : `"channel":${JSON.stringify(channel)},`;
    return `{"t":"message","stream":${this.names.quote(stream)},${of}"type":${this.names.quote(type)},"data":${data}}`;
  }

  encodePublication(channel: string, { type, data }: EncodedMessage, place?: PublicationPlace): string {
    const placed = place ? `${JSON.stringify(place).slice(1, -1)},` : '';
    return `{"t":"publication","channel":${JSON.stringify(channel)},${placed}"type":${this.names.quote(type)},"data":${data}}`;
  }

  encodeItem(call: number, n: number, { type, data }: EncodedMessage): string {
    return `{"t":"item","call":${call},"n":${n},"type":${this.names.quote(type)},"data":${data}}`;
  }

  encodeAround(head: MessageFrameHead, { type, data }: EncodedMessage): string {
    if (head.t === 'reply')
      return `{"t":"reply","call":${head.call},"type":${this.names.quote(type)},"data":${data}}`;
    return `${JSON.stringify(head).slice(0, -1)},"type":${this.names.quote(type)},"data":${data}}`;
  }

  encodeAck(stream: string, id: number): string {
    return `{"t":"ack","stream":${this.names.quote(stream)},"id":${id}}`;
  }

  peek(bytes: Uint8Array): FrameHead {
    return peekJson(bytes);
  }

  decodeClientFrame(text: string): ClientFrame | FrameFault {
    const { limits } = this;
    const plain = this.readPlain(text);
    if (plain) return plain;
    const fault = scanJson(text, limits);
    if (fault) return fault;
    try {
      return guardClientFrame(parseWellFormed(text));
    } catch {
      return new FrameFault(ErrorCode.BadJson, 'The frame is not valid JSON.');
    }
  }

  /** Reads a frame in a frequent format without scanning it; undefined for any other. */
  private readPlain(text: string): ClientFrame | undefined {
    switch (text.charCodeAt(KIND_AT)) {
      case KIND_MESSAGE:
        return readPlainMessage(text, this.limits);
      case KIND_CALL:
        return readPlainCall(text, this.limits);
      case KIND_ITEM:
        return readPlainItem(text, this.limits);
      default:
        return undefined;
    }
  }
}

/**
 * Encodes a message: its name, and its properties as JSON text.
 *
 * @throws {CodedError} NOT_A_MESSAGE when the class is not marked with `@StreamMessage`
 * @throws {CodedError} NOT_ENCODABLE when a property cannot travel
 */
export function encodeMessage(message: object): EncodedMessage {
  const type = messageNameOf(message?.constructor);
  if (!type) throw notAMessage(message);
  return { type, data: JSON.stringify(encodeProperties(message, wellFormedText)) };
}

function notAMessage(message: unknown): CodedError {
  const name = (message as object | undefined)?.constructor?.name;
  return new CodedError(ErrorCode.NotAMessage, `${name} has no @StreamMessage.`);
}
