import type {
  ClientEndFrame,
  ClientFrame,
  ClientItemFrame,
  EncodedMessage,
  FramePayload,
} from '@nestwire/protocol/codec';
import type { Clock } from '@nestwire/messages/internal';
import type { WireError } from '@nestwire/protocol';
import type { SessionRuntime } from '../session/session-runtime.js';
import type { StreamsLimits } from '../streams-limits.js';
import type { CreditProgress } from './outbound-window.js';
import type { ItemCredit } from './received-items.js';

/** Writes the frames of calls to one connection. */
export interface CallWire {
  readonly subprotocol: string;
  /** True when senders should wait. */
  readonly isAboveSoftBound: boolean;
  whenBelowSoftBound(): Promise<void>;
  /**
   * Encodes an item.
   *
   * @throws {CodedError} NOT_ENCODABLE when a property has no wire format
   */
  itemFrame(call: number, n: number, item: object): FramePayload;
  /**
   * Encodes a reply; undefined for a method that returns nothing.
   *
   * @throws {CodedError} NOT_ENCODABLE when a property has no wire format
   */
  replyFrame(call: number, reply: object | undefined): FramePayload;
  /** Encodes a reply of another server. */
  storedReplyFrame(call: number, reply: EncodedMessage | null): FramePayload;
  /** Encodes an item that is stored. */
  storedItemFrame(call: number, n: number, item: EncodedMessage): FramePayload;
  /** Encodes the end of the items. */
  endFrame(call: number): FramePayload;
  push(frame: FramePayload): void;
}

/** A call, as its connection knows it. */
export interface PortedCall {
  /** The id of its frame. */
  readonly id: number;
  readonly session: SessionRuntime;
  readonly method: string;
}

/** A call of a connection, as its frames reach it. */
export interface ConnectedCall extends PortedCall {
  /** True while the client waits for a single reply, or the method has not returned. */
  readonly isReplying: boolean;
  /** Resolves when the client waits for no single reply. */
  readonly whenReplied: Promise<void>;
  /** Resolves when the call is released. */
  readonly whenReleased: Promise<void>;
  /** Begins once the stream is open. */
  start(): void;
  /** True while the window of the client has room for another item. */
  readonly mayReceive: boolean;
  /** Takes an item of the client; returns false when it ends the call. */
  receive(frame: ClientItemFrame, payload: FramePayload): boolean;
  /** Takes the end of the client's items. */
  receiveEnd(frame: ClientEndFrame): void;
  /** Takes the number of items that the client has consumed; returns its progress. */
  receiveCredit(consumed: number): CreditProgress | undefined;
  /** Ends the call for its client. */
  cancel(): void;
  /** Leaves the call; one that cannot continue without its client is cancelled. */
  detach(): void;
  /** Ends the call for its client with an error; without effect after the end. */
  end(error: unknown): void;
}

/** The operations of the connection that a call uses. */
export interface CallPort<Call extends PortedCall = PortedCall> {
  readonly limits: StreamsLimits;
  readonly clock: Clock;
  readonly wire: CallWire;
  /** Decodes a frame that waited. */
  decode(payload: FramePayload): ClientFrame;
  /** Counts bytes that wait for a method; returns false when the connection has no room. */
  hold(bytes: number): boolean;
  /** Returns bytes that no longer wait. */
  release(bytes: number): void;
  /** Starts to measure work on a frame that waited. */
  beginWork(): void;
  /** Ends that measurement. */
  endWork(): void;
  /** Tells the client how many of its items were consumed, at a pace within its rates. */
  credit(call: Call, credit: ItemCredit): void;
  /**
   * Writes the error that ends a call, and charges a refusal to the client.
   *
   * @returns the error as the client receives it
   */
  failed(call: Call, error: unknown, workMs: number): WireError;
  /** Returns the time of the work on the current frame, in milliseconds. */
  measuredMs(now: number): number;
  /** Reports that the client has the end of the call, so that its id is free, and that its method still runs. */
  finished(call: Call): void;
  /** Reports that the client has the end of the call, and that its method has settled. */
  released(call: Call): void;
}
