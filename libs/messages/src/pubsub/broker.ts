import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { MessagesError } from '../messages.error.js';
import type { CallStore } from '../calls/call-store.js';
import type { ClaimStore } from '../once/claim-store.js';
import type { RevokedTokenStore } from '../revocations/revoked-token-store.js';
import type { PresenceStore } from '../presence/presence-store.js';
import type { HistoryStore } from '../history/history-store.js';

/**
 * The present reach of posts.
 *
 * `local`: this process, because no cluster is configured. `connected`: the cluster.
 * `degraded`: this process, because the configured cluster cannot be relied on now.
 */
export type MessagesStatus = 'local' | 'connected' | 'degraded';

/** The callbacks of a broker into its process. */
export interface BrokerSink {
  /**
   * Takes a publication of another process, in the order of arrival; never throws.
   *
   * Without `properties` the process checks the message, and drops and counts an invalid one.
   *
   * @param properties the parsed text, when the broker has checked the message; the broker does not use it
   *   afterwards
   */
  receive(channel: string, encoded: EncodedMessage, properties?: object): void;
  /** Called after each change of `status`. */
  statusChanged(): void;
}

/** The counters of a broker since the process started. */
export interface BrokerCounters {
  /** Publications of other processes that could not be decoded. */
  readonly undecodable: number;
  /** Connections to the cluster after the first one. */
  readonly reconnects: number;
  /** Times that a connected broker delivered nothing for too long, and reconnected. */
  readonly stalled: number;
}

/**
 * Carries publications between the processes of a cluster.
 *
 * The publishing process delivers to itself, so a broker never returns a process its own publications.
 * The publications of one process on one channel arrive in the order published, each at most once. A
 * broker never throws out of an event: it reports by its status and its counters, and reconnects by
 * itself. Every promise settles within a deadline.
 *
 * The stores are optional. A feature without its store is refused with MISSING_CAPABILITY, at bootstrap
 * where an option or a decorator asks for it, else by the call.
 */
export abstract class Broker {
  /** The present reach of a publication; `degraded` until a broker with a cluster has started. */
  abstract readonly status: MessagesStatus;

  /** The counters since the process started. */
  abstract readonly counters: BrokerCounters;

  /**
   * Stores the messages of channels with `history` or `latest`; serves from `start` to `close`.
   *
   * A broker with a history has `revokedTokens` too, because clients resume such channels with tokens.
   */
  readonly history?: HistoryStore;

  /** Stores the members of channels. */
  readonly presence?: PresenceStore;

  /** Stores claims on work that runs once in the cluster. */
  readonly claims?: ClaimStore;

  /** Stores calls that continue without their client. */
  readonly calls?: CallStore;

  /** Stores the revoked resume tokens. */
  readonly revokedTokens?: RevokedTokenStore;

  /**
   * Starts to serve.
   *
   * Resolves when connected, or when a connection is not possible now: an unreachable cluster is not an
   * error, and the broker continues to try.
   *
   * @throws {MessagesConfigurationError} when only another configuration can help
   */
  abstract start(sink: BrokerSink): Promise<void>;

  /**
   * Subscribes this process to a channel until `unsubscribe`, through any outage.
   *
   * Resolves when the cluster has confirmed the subscription; while degraded at once, and the broker
   * subscribes when it is connected again. A second call changes nothing. Never rejects.
   */
  abstract subscribe(channel: string): Promise<void>;

  /** Unsubscribes this process from a channel; no publication of it arrives after the call. */
  abstract unsubscribe(channel: string): void;

  /** Returns the reason why `publish` would fail now: UNAVAILABLE or OVERLOADED. */
  abstract refusal(channel: string): MessagesError | undefined;

  /**
   * Publishes to the other processes; resolves when the cluster has the publication.
   *
   * Publications that are sent together may share one promise.
   *
   * @throws {MessagesError} UNAVAILABLE when nothing was sent
   * @throws {MessagesError} UNCERTAIN when it was sent and not confirmed in time
   * @throws {MessagesError} OVERLOADED when too many publications wait already; nothing was sent
   */
  abstract publish(channel: string, encoded: EncodedMessage): Promise<void>;

  /**
   * Returns a random secret of at least 32 characters, the same in all processes of the cluster.
   *
   * The first call in a cluster creates it. A broker with `history` and without a secret needs the option
   * `resume.secret`.
   *
   * @throws {MessagesError} UNAVAILABLE when the cluster cannot be asked now
   */
  secret?(): Promise<string>;

  /** Stops; no publication arrives afterwards. A second call changes nothing. */
  abstract close(): Promise<void>;
}
