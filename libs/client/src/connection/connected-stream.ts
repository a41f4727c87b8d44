import type { CodedError } from '@nestwire/protocol';
import type { ResumePosition, ServerFrame, SubscribedFrame } from '@nestwire/protocol/codec';
import type { Outgoing } from '../endpoint/outgoing.js';

/** The stream of one endpoint, as its connection uses it. */
export interface ConnectedStream {
  /** The name of the endpoint, and the sorted JSON of the parameters. */
  readonly name: string;
  /** The key in frames: the name of an endpoint without parameters, else one that begins with `#`. */
  readonly key: string;
  /** The members of the endpoint on the client. */
  readonly handle: object;
  /** Queues a message behind all waiting ones. */
  enqueue(outgoing: Outgoing): void;
  /** Called when the user of the connection changes: drops the state of the former user. */
  changed(user: string | null): void;
  /** Called when the server has welcomed the client, or has accepted another user. */
  connected(): void;
  /**
   * Called for each frame, of this stream or of another.
   *
   * `error` is the error that the frame contains; `old` is set for a frame of the former connection.
   */
  received(frame: ServerFrame, error?: CodedError, old?: unknown): void;
  /** Answers a request of the server on the connection that it came by. */
  answer(frame: object, socket: object): Promise<void>;
  /** The positions in the stream's recoverable channels; they outlive connections. */
  readonly positions: { add(frame: SubscribedFrame): void; has(channel: string): boolean };
  /** Returns the positions for the next `hello`, and records them as sent. */
  toResume(): ResumePosition[];
  /** Called after several unreadable frames in a row: reports a gap in each channel that can be resumed. */
  missed(): void;
  /** Truthy while it waits for answers of the former connection, or for the open on the current one. */
  readonly isMoving: unknown;
  /** The promises of the messages that wait or have no answer. */
  readonly unanswered: readonly Promise<void>[];
  /** True when the current server needs a new `hello` for a position or subscription of the former one. */
  readonly isBehind: boolean;
  /** Called at a handover: the next connection takes new messages, and the former one still answers. */
  moved(): void;
  /** Called when the former connection is closed. */
  left(): void;
  /** Called when the connection is lost and another attempt follows. */
  lost(reason?: string, closeCode?: number): void;
  /** Called when the connection is closed for good; with an error if the server closed it. */
  ended(error?: CodedError): void;
}
