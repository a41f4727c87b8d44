import type { ResumePosition, WirePosition } from '@nestwire/protocol/codec';
import type { ConnectedStream } from '../connection/connected-stream.js';

/** A client's connection, as its stored positions use it. */
export interface ResumedConnection {
  /** The secret client id. */
  readonly client: string;
  /** The name that the resume tokens of an anonymous client are bound to. */
  resumeName?: string;
  streamOf(name: string): ConnectedStream;
  /** Adds a stream to those in use. */
  keep(stream: ConnectedStream): void;
}

/** The part of an endpoint's stream that a store uses. */
export interface FollowedStream {
  readonly name: string;
  /** The resume positions by channel, including unread messages. */
  readonly positions: ReadonlyMap<string, { readonly resumeToken?: string; readonly position: WirePosition }>;
  readonly stream: {
    /** The number of messages delivered to the readers' queues. */
    readonly given: number;
    /** The number of those that the slowest reader has read or dropped. */
    readonly taken: number;
  };
}

interface ReadPosition {
  /** Positions by number of delivered messages, until the readers have read them. */
  readonly ahead: Map<number, WirePosition>;
  reached?: WirePosition;
}

const MAX_AHEAD = 2_048;

/**
 * Stores the positions of a client's readers across page loads.
 *
 * Unread messages are not part of the stored position, so the next client receives them again. A store must
 * not throw; it reports failures in its own way.
 */
export abstract class PositionStore {
  readonly #streams = new Set<FollowedStream>();
  readonly #readPositions = new WeakMap<object, ReadPosition>();

  /**
   * A secret name that the resume tokens of an anonymous client are bound to.
   *
   * `load()` sets it if it was stored, else the client does; store it with the positions.
   */
  client?: string;

  /** Returns the stored positions; called once, when the client is made. */
  abstract load(): readonly ResumePosition[];

  /** Deletes everything, also pending writes; no timer or listener may remain. */
  abstract clear(): void;

  /** Called often, when the result of `taken()` may have changed; write it now or soon. */
  protected abstract changed(): void;

  /** Gives a client the stored positions; called once, when the client is made. */
  attach(connection: ResumedConnection): void {
    // Streams that the page has not used yet also have positions, which the `hello` must contain.
    for (const [name, channel, resumeToken, epoch, offset, id] of this.load()) {
      const stream = connection.streamOf(name);
      connection.keep(stream);
      stream.received({
        t: 'position',
        stream: stream.key,
        channel,
        resumeToken,
        position: [epoch, offset, id],
      });
    }
    connection.resumeName = this.client ??= connection.client;
  }

  /** Called by the client after a frame, with its channel, or after a reader has read a message. */
  moved(stream: FollowedStream, channel?: string): void {
    this.#streams.add(stream);
    const positions = channel === undefined ? undefined : stream.positions.get(channel);
    if (positions) {
      const { ahead } = this.#readPositionOf(positions);
      ahead.set(stream.stream.given, positions.position);
      // Dropping the oldest keeps a lower position for longer, so no reader misses a message.
      const [oldest] = ahead.keys();
      if (ahead.size > MAX_AHEAD) ahead.delete(oldest);
    }
    this.changed();
  }

  /** Returns the positions to store now, which replace all stored ones. */
  protected taken(): ResumePosition[] {
    return [...this.#streams].flatMap(({ name, positions, stream: { taken } }) =>
      [...positions].flatMap(([channel, of]) => {
        const read = this.#readPositionOf(of);
        for (const [given, position] of read.ahead)
          if (given <= taken) {
            read.reached = position;
            read.ahead.delete(given);
          }
        return of.resumeToken && read.reached
          ? [[name, channel, of.resumeToken, ...read.reached] as const]
          : [];
      }),
    );
  }

  #readPositionOf(positions: object): ReadPosition {
    const read = this.#readPositions.get(positions) ?? { ahead: new Map<number, WirePosition>() };
    this.#readPositions.set(positions, read);
    return read;
  }
}
