import { messageNameOf } from '@nestwire/protocol';
import type { Codec, FramePayload } from '@nestwire/protocol/codec';
import { encodingOf, nativeProperties, rememberedEncoding } from '@nestwire/protocol/compiled';
import { SharedPayload, type OutboundPayload } from '../../transport/shared-payload.js';

interface Shared {
  readonly stream: string;
  readonly channel: string | undefined;
  readonly frame: SharedPayload;
}

/**
 * Encodes the frames of messages to clients in one codec.
 *
 * A message whose encoding is remembered is framed once for all sessions with the same stream key.
 */
export class MessageFrames {
  private readonly shared = new WeakMap<object, Shared>();

  constructor(readonly codec: Codec) {}

  /**
   * Returns the frame of a message in a stream; `channel` is set for a snapshot.
   *
   * @throws {CodedError} NOT_A_MESSAGE when the class has no `@StreamMessage`
   * @throws {CodedError} NOT_ENCODABLE when a property has no wire format
   */
  of(stream: string, message: object, channel?: string): OutboundPayload {
    const known = this.shared.get(message);
    if (known?.stream === stream && known.channel === channel) return known.frame;
    const remembered = rememberedEncoding(message);
    if (!remembered) return this.encode(stream, message, channel);
    const frame = new SharedPayload(this.codec.encodeServerMessage(stream, remembered, channel));
    this.shared.set(message, { stream, channel, frame });
    return frame;
  }

  /**
   * Returns the name and the properties of a message for a frame of this codec.
   *
   * @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE when the message cannot be encoded
   */
  contentOf(message: object): { readonly type: string; readonly data: Record<string, unknown> } {
    const { natives } = this.codec;
    const type = natives && messageNameOf(message?.constructor);
    const native = type && nativeProperties(message, natives);
    if (type && native) return { type, data: native };
    const encoded = encodingOf(message);
    return { type: encoded.type, data: JSON.parse(encoded.data) as Record<string, unknown> };
  }

  /**
   * Returns the frame of an item of a call.
   *
   * @throws {CodedError} NOT_ENCODABLE when a property has no wire format
   */
  itemOf(call: number, n: number, item: object): FramePayload {
    const native = this.nativeOf(item);
    return native
      ? this.codec.encodeFrame({ t: 'item', call, n, ...native })
      : this.codec.encodeItem(call, n, encodingOf(item));
  }

  /**
   * Returns the frame of the reply of a call; without a message for a method that returns nothing.
   *
   * @throws {CodedError} NOT_ENCODABLE when a property has no wire format
   */
  replyOf(call: number, reply: object | undefined): FramePayload {
    if (!reply) return this.codec.encodeFrame({ t: 'reply', call });
    const native = this.nativeOf(reply);
    return native
      ? this.codec.encodeFrame({ t: 'reply', call, ...native })
      : this.codec.encodeAround({ t: 'reply', call }, encodingOf(reply));
  }

  /** Encodes without JSON text if the codec has its own forms, so that bytes do not become base64 first. */
  private encode(stream: string, message: object, channel?: string): FramePayload {
    const { codec } = this;
    const native = this.nativeOf(message);
    if (!native) return codec.encodeServerMessage(stream, encodingOf(message), channel);
    const of = channel === undefined ? undefined : { channel };
    return codec.encodeFrame({ t: 'message', stream, ...of, ...native });
  }

  private nativeOf(message: object): { type: string; data: Record<string, unknown> } | undefined {
    const { natives } = this.codec;
    const type = natives && messageNameOf(message?.constructor);
    const data = type && nativeProperties(message, natives);
    return type && data ? { type, data } : undefined;
  }
}
