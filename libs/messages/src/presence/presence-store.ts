/** A connection in a channel, as its process stores it. */
export interface PresenceRecord {
  /** Unique in the cluster; for a session, its id. */
  readonly id: string;
  readonly userId: string | null;
  /** The data as JSON text; empty without data. */
  readonly data: string;
}

/** A connection in a channel, as the cluster stores it. */
export interface PresenceEntry extends PresenceRecord {
  /** The name of its process, which is valid during one lease. */
  readonly server: string;
  /** The number of the change of the channel that set it. */
  readonly number: number;
}

/** The version of the state of a channel. */
export interface PresenceVersion {
  /** Identifies one life of the state; a new one starts after the state was empty or lost. */
  readonly epoch: string;
  /** The number of changes in the epoch. */
  readonly number: number;
}

/** The connections in a channel, read in one step. */
export interface PresenceState extends PresenceVersion {
  readonly entries: readonly PresenceEntry[];
  /** The servers among them that were silent for longer than their lease. */
  readonly lost: ReadonlySet<string>;
}

/** The change from one version of a channel to the next. */
export interface PresenceDelta extends PresenceVersion {
  readonly channel: string;
  readonly set: readonly PresenceEntry[];
  /** The keys of removed entries; see `presenceKey`. */
  readonly removed: readonly string[];
}

/** The settings of a presence store, and its callback. */
export interface PresenceSetup {
  /** The time after which a silent process counts as dead, in milliseconds. */
  readonly leaseMs: number;
  /** The most connections in a channel. */
  readonly maxConnections: number;
  /** Called for each change by this process; it notifies the other processes. Never throws. */
  readonly changed: (delta: PresenceDelta) => void;
}

/**
 * Stores the members of channels, across the cluster.
 *
 * A process is responsible for its own connections: it restores them when the cluster has lost them, or has
 * removed them because the process seemed dead. The changes of a channel are numbered. For each change,
 * `changed` is called exactly once in the cluster, in the process that made it. Another process removes the
 * connections of a dead process within two leases. Every promise settles within a deadline.
 */
export abstract class PresenceStore {
  /** Sets the callback and the limits; called once, before all other methods. It sends nothing. */
  abstract start(setup: PresenceSetup): void;

  /**
   * Adds a connection to a channel, or updates its record.
   *
   * Resolves to true when the cluster has it. Otherwise the cluster gets it as soon as it can be reached.
   *
   * @throws {MessagesError} PRESENCE_FULL when the channel has reached its limit; it is not added then
   */
  abstract join(channel: string, record: PresenceRecord): Promise<boolean>;

  /** Removes a connection from a channel; resolves to true when the cluster knows it. Never rejects. */
  abstract leave(channel: string, id: string): Promise<boolean>;

  /**
   * Reads the connections in a channel, those of lost servers included.
   *
   * @throws {MessagesError} UNAVAILABLE when it cannot be read now
   * @throws {MessagesError} PRESENCE_FULL when the stored state is larger than the limits allow
   */
  abstract read(channel: string): Promise<PresenceState>;

  /**
   * Returns the version of a channel; an empty epoch and 0 for an empty channel.
   *
   * @throws {MessagesError} UNAVAILABLE when it cannot be read now
   */
  abstract version(channel: string): Promise<PresenceVersion>;

  /** Removes all connections of this process, and stops. A second call changes nothing. */
  abstract close(): Promise<void>;
}

/** Returns the key of an entry within its channel. */
export function presenceKey({ server, id }: Pick<PresenceEntry, 'server' | 'id'>): string {
  return `${server}|${id}`;
}
