/** One connection in a channel, as its own process knows it. */
export interface PresenceRecord {
  /** Unique in the cluster; the id of a session where there is one. */
  readonly id: string;
  readonly userId: string | null;
  /** JSON text; empty for nothing. */
  readonly data: string;
}

/** One connection in a channel, as the cluster knows it. */
export interface PresenceEntry extends PresenceRecord {
  /** The process that it is connected to, by a name that lasts as long as its lease. */
  readonly server: string;
  /** Counts up with the changes of the channel: the number of the one that brought it. */
  readonly number: number;
}

/** Which state of a channel something is about. */
export interface PresenceVersion {
  /** Names one life of the state; another one begins when it was empty or lost. */
  readonly epoch: string;
  /** Counts the changes of the epoch. */
  readonly number: number;
}

/** Who is in a channel, read in one step. */
export interface PresenceState extends PresenceVersion {
  readonly entries: readonly PresenceEntry[];
  /** Servers among them that have not been heard of for longer than their lease. */
  readonly lost: ReadonlySet<string>;
}

/** What leads from one version of a channel to the next. */
export interface PresenceDelta extends PresenceVersion {
  readonly channel: string;
  readonly set: readonly PresenceEntry[];
  /** Keys of entries that are gone: see `presenceKey`. */
  readonly removed: readonly string[];
}

/** What the process asks of its backend about presence. */
export interface PresenceSetup {
  /** How long a process that is silent counts as alive, in milliseconds. */
  readonly leaseMs: number;
  /** The most connections in a channel. */
  readonly maxConnections: number;
  /** Is told of each change that this process made; it lets the others know. Never throws. */
  readonly changed: (delta: PresenceDelta) => void;
}

/**
 * What knows who is in which channel, across the cluster.
 *
 * A process answers for its own connections: it remembers them, and brings them back by itself when the
 * cluster has lost them or has taken the process for dead. The changes of a channel are counted, and a
 * change is told to `changed` exactly once in the cluster, by the process that made it. The
 * connections of a process that has died are removed by one of the others within two leases. Every
 * promise settles within a deadline.
 */
export abstract class PresenceStore {
  /** Begins to serve; called once, before all else. Nothing is sent before it is needed. */
  abstract start(setup: PresenceSetup): void;

  /**
   * Brings a connection into a channel, or its record up to date.
   *
   * Resolves to whether the cluster has it; if not, it will as soon as it can be reached.
   *
   * @throws {MessagesError} PRESENCE_FULL when the channel has as many as it may; it is not in then
   */
  abstract join(channel: string, record: PresenceRecord): Promise<boolean>;

  /** Takes a connection out of a channel; resolves to whether the cluster knows. Never rejects. */
  abstract leave(channel: string, id: string): Promise<boolean>;

  /**
   * Reads who is in a channel, those of lost servers included.
   *
   * @throws {MessagesError} UNAVAILABLE when it cannot be read now
   * @throws {MessagesError} PRESENCE_FULL when the store holds more of it than may be
   */
  abstract read(channel: string): Promise<PresenceState>;

  /**
   * Returns the version of a channel; no epoch and 0 for one that is empty.
   *
   * @throws {MessagesError} UNAVAILABLE when it cannot be read now
   */
  abstract version(channel: string): Promise<PresenceVersion>;

  /** Takes all of this process's connections out and stops. May be called again. */
  abstract close(): Promise<void>;
}

/** Returns the key of an entry within its channel. */
export function presenceKey({ server, id }: Pick<PresenceEntry, 'server' | 'id'>): string {
  return `${server}|${id}`;
}
