import { messageNameOf, type Codec, type FramePayload } from '@nestwire/protocol';
import { encodingOf, nativeProperties, rememberedEncoding } from '@nestwire/protocol/compiled';
import { WsFrame } from '../transport/ws-frame.js';

interface Shared {
  readonly endpoint: string;
  readonly frame: WsFrame;
}

/**
 * The frames of messages to clients, in one codec.
 *
 * A message whose encoding is remembered is framed once, for all sessions of an endpoint that forward it.
 */
export class MessageFrames {
  private readonly shared = new WeakMap<object, Shared>();

  constructor(readonly codec: Codec) {}

  /**
   * Returns what carries a message to a client of the endpoint.
   *
   * @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE when the message cannot travel
   */
  of(endpoint: string, message: object): WsFrame | FramePayload {
    const known = this.shared.get(message);
    if (known?.endpoint === endpoint) return known.frame;
    const remembered = rememberedEncoding(message);
    if (!remembered) return this.encode(endpoint, message);
    const frame = new WsFrame(this.codec.encodeServerMessage(endpoint, remembered));
    this.shared.set(message, { endpoint, frame });
    return frame;
  }

  /** Leaves out the text where the codec has forms of its own: bytes would become base64 and back. */
  private encode(endpoint: string, message: object): FramePayload {
    const { codec } = this;
    const type = codec.natives && messageNameOf(message?.constructor);
    const data = type && nativeProperties(message, codec.natives!);
    return type && data
      ? codec.encodeFrame({ t: 'message', endpoint, type, data })
      : codec.encodeServerMessage(endpoint, encodingOf(message));
  }
}
