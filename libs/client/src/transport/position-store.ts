import type { ResumePosition, WirePosition } from '@nestwire/protocol/codec';

/** What a store sees of the stream of one endpoint. */
export interface FollowedStream {
  readonly name: string;
  /** Where the client stands in each channel, with what has come for its readers. */
  readonly positions: ReadonlyMap<string, { readonly resumeToken?: string; readonly position: WirePosition }>;
  readonly stream: {
    /** How many messages were given to the readers. */
    readonly given: number;
    /** How many of those the slowest has taken; what it dropped counts as taken. */
    readonly taken: number;
  };
}

interface Place {
  /** Positions by how many messages were given up to there, until the readers have taken these. */
  readonly ahead: Map<number, WirePosition>;
  reached?: WirePosition;
}

const MAX_AHEAD = 2_048;

/**
 * Keeps where a client's readers stand in its channels, beyond its life.
 *
 * What has come and waits to be read is not behind a reader yet: the next client gets it again. A
 * store must not throw: it says in its own way what fails.
 */
export abstract class PositionStore {
  readonly #streams = new Set<FollowedStream>();
  readonly #places = new WeakMap<object, Place>();

  /**
   * A secret name that the resume tokens of an anonymous client are bound to.
   *
   * `load()` sets it where it was kept, else the client does; keep it beside the positions.
   */
  client?: string;

  /** Returns what was kept; called once, when the client is made. */
  abstract load(): readonly ResumePosition[];

  /** Forgets all, with what is still to be written; no timer and no listener may stay. */
  abstract clear(): void;

  /** Hears, often, that `taken()` may have changed, so that it is written now or soon. */
  protected abstract changed(): void;

  /** Called by the client when a frame has come, with its channel, or a reader has taken a message. */
  moved(stream: FollowedStream, channel?: string): void {
    this.#streams.add(stream);
    const positions = stream.positions.get(channel!);
    if (positions) {
      const { ahead } = this.#placeOf(positions);
      ahead.set(stream.stream.given, positions.position);
      // Without the first the readers stand where they were for longer: they miss nothing.
      if (ahead.size > MAX_AHEAD) ahead.delete(ahead.keys().next().value!);
    }
    this.changed();
  }

  /** Returns what is to be kept now, in place of all that was kept before. */
  protected taken(): ResumePosition[] {
    return [...this.#streams].flatMap(({ name, positions, stream: { taken } }) =>
      [...positions].flatMap(([channel, of]) => {
        const place = this.#placeOf(of);
        for (const [given, position] of place.ahead)
          if (given <= taken) {
            place.reached = position;
            place.ahead.delete(given);
          }
        return of.resumeToken && place.reached
          ? [[name, channel, of.resumeToken, ...place.reached] as const]
          : [];
      }),
    );
  }

  #placeOf(positions: object): Place {
    const place = this.#places.get(positions) ?? { ahead: new Map<number, WirePosition>() };
    this.#places.set(positions, place);
    return place;
  }
}
