/** Which way bytes go: `up` from the client to the server, `down` back. */
export type Direction = 'up' | 'down' | 'both';

/**
 * What a proxy does with bytes.
 *
 * `blackhole`: holds them, and the end of a connection too, as a network does that lost its route; they
 * go on when it has one again. `latency`: carries them later, in their order. `bandwidth`: so many a
 * second. `slicer`: so many at a time. `cutAfter`: so many more of each connection, then a reset.
 */
export type Mode =
  | { readonly kind: 'pass' | 'blackhole' }
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs?: number }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  | { readonly kind: 'slicer'; readonly bytes: number }
  | { readonly kind: 'cutAfter'; readonly bytes: number };

/** Stands between a process and a server, and spoils what goes through it, as told, at any time. */
export class TcpProxy {
  /** Starts a proxy to a port of this machine, on a free one. */
  static to(targetPort: number): Promise<TcpProxy>;
  /** Where new connections lead. */
  targetPort: number;
  readonly port: number;
  /** The address of a Redis behind it. */
  readonly url: string;
  /** How many connections stand. */
  readonly connections: number;
  /** How many connections were accepted so far. */
  readonly accepted: number;
  /** From now on does this with the bytes of one direction, or both, of all connections. */
  set(mode: Mode, direction?: Direction): void;
  /** Lets requests pass and holds the replies. */
  dropReplies(): void;
  /** Ends what is connected and listens no more: whoever comes is refused. */
  refuse(): Promise<void>;
  /** Ends what is connected with a TCP reset. */
  reset(): void;
  /** Carries everything again, and listens. */
  pass(): Promise<void>;
  /** From now on gives nothing more to the connections that have subscribed; they stay open. */
  starve(): void;
  stop(): Promise<void>;
}
