import type { CodedError } from '@nestwire/protocol';
import type { ResumePosition, ServerFrame, SubscribedFrame } from '@nestwire/protocol/codec';
import type { Outgoing } from '../endpoint/outgoing.js';

/** What a connection carries: the stream of one endpoint. */
export interface ConnectedStream {
  /** The name of the endpoint. */
  readonly name: string;
  /** Lets a message wait to be sent, behind all that waits. */
  enqueue(outgoing: Outgoing): void;
  /** The connection belongs to another user than before: what was of that one goes. */
  changed(user: string | null): void;
  /** The server has welcomed the client, or accepted another user. */
  connected(): void;
  /** A frame came, of this stream or of another; with the error that it tells of, and by the line that was left. */
  received(frame: ServerFrame, error?: CodedError, old?: unknown): void;
  /** The channels that flow into it, beyond its connections. */
  readonly held: { of(endpoint: string): ResumePosition[]; placeNew(frame: SubscribedFrame): void };
  /** What came cannot be read, several times in a row: channels that resume get a gap. */
  missed(): void;
  /** Tells whether answers of the connection that was left are awaited, or the open of the next. */
  readonly isMoving: unknown;
  /** The promises of the messages that wait or have no answer. */
  readonly unanswered: readonly Promise<void>[];
  /** Whether only a new `hello` tells the server how far the former one led, or what it has subscribed. */
  readonly isBehind: boolean;
  /** Another connection takes what is sent from now on; the former one still answers. */
  moved(): void;
  /** The connection that was left is gone. */
  left(): void;
  /** The connection is gone; another attempt follows. */
  lost(reason?: string): void;
  /** The connection is closed for good; by the server when there is an error. */
  ended(error?: CodedError): void;
}
