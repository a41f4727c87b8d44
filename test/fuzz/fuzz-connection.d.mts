interface FuzzCodec {
  readonly subprotocol: string;
  readonly opcode: number;
}

/** The two ways to write frames, and their subprotocols. */
export const CODECS: Readonly<Record<'json' | 'msgpack', FuzzCodec>>;

/** A WebSocket of a hostile client: writes any bytes, and hands each frame that comes to its owner. */
export class FuzzConnection {
  /** Connects and sends the upgrade request of one address. */
  static open(
    port: number,
    options: { codec: FuzzCodec; address: string; isCompressed: boolean },
  ): Promise<FuzzConnection>;
  status: number;
  closeCode: number | undefined;
  isEnded: boolean;
  /** Called with each decoded frame of the server. */
  onFrame: (frame: { t: string }) => void;
  /** Sends one frame of the protocol, in as many fragments as asked for. */
  send(frame: object, options?: { fragments?: number }): void;
  /** Sends the head of a frame and that many of the bytes that belong to it: the mask comes first. */
  sendHalf(length: number, sent: number): void;
  /** Says goodbye with a close frame, and ends the connection where the server cannot have read it as one. */
  sayGoodbye(): Promise<void>;
  /** Resolves when the condition holds or the connection has ended; false after the deadline. */
  until(condition: () => boolean, deadlineMs?: number): Promise<boolean>;
}
