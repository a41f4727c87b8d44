import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { MessagesError } from '../messages.error.js';
import type { ClaimStore } from '../once/claim-store.js';
import type { RevokedTokenStore } from '../revocations/revoked-token-store.js';
import type { PresenceStore } from '../presence/presence-store.js';
import type { HistoryStore } from '../history/history-store.js';
import type { ConsumerStore } from '../consumers/consumer-store.js';

/**
 * How far posts reach at this moment.
 *
 * `local`: this process, because no cluster is configured. `connected`: the cluster.
 * `degraded`: a cluster is configured and cannot be relied on now, so this process.
 */
export type MessagesStatus = 'local' | 'connected' | 'degraded';

/** What a backend tells the process that it serves. */
export interface BrokerSink {
  /**
   * Takes what another process published, in the order of arrival; never throws.
   *
   * @param properties what the text parses to, when the backend has parsed it; not used by it afterwards
   */
  receive(channel: string, encoded: EncodedMessage, properties?: object): void;
  /** Is told when `status` has changed. */
  statusChanged(): void;
}

/** What a backend counts. */
export interface BrokerCounters {
  /** Publications of other processes that could not be read. */
  readonly undecodable: number;
  /** Connections that were made anew after the first. */
  readonly reconnects: number;
  /** Times that the probe missed its own message for too long. */
  readonly stalled: number;
}

/**
 * What carries publications between the processes of a cluster.
 *
 * The process that publishes has delivered to itself already, so a backend never gives a process
 * its own publications. The publications of one process on one channel arrive in the order
 * published, each at most once. A backend never throws out of an event: it reports through its
 * status and its counters, and heals by itself. Every promise settles within a deadline.
 */
export abstract class Broker {
  /** How far a publication reaches now; `degraded` until a backend with a cluster has started. */
  abstract readonly status: MessagesStatus;

  /** What happened since the process started. */
  abstract readonly counters: BrokerCounters;

  /** Keeps the messages of channels with history; serves from `start` to `close`. */
  abstract readonly history: HistoryStore;

  /** Lets the processes of the cluster agree on who does what is to be done once. */
  abstract readonly claims: ClaimStore;
  /**
   * Remembers which resume tokens are void.
   *
   * Without it each process remembers those of its own: a client that was removed from a channel may
   * resume it on another server.
   */
  readonly revokedTokens?: RevokedTokenStore;
  /** Knows who is in which channel. */
  abstract readonly presence: PresenceStore;

  /** Knows how far durable consumers are; serves from `start` to `close`. */
  abstract readonly consumers: ConsumerStore;

  /**
   * Starts to serve. Resolves when connected, or when it is clear that it is not possible now:
   * an unreachable cluster is no failure, and is tried on.
   *
   * @throws {MessagesConfigurationError} when only another configuration can help
   */
  abstract start(sink: BrokerSink): Promise<void>;

  /**
   * Wants the publications of a channel, from now until `unsubscribe`, through any outage.
   *
   * Resolves when the subscription is in force; while degraded as soon as it is written down.
   * Subscribing again changes nothing. Never rejects.
   */
  abstract subscribe(channel: string): Promise<void>;

  /** No longer wants the publications of a channel; none arrives after the call. */
  abstract unsubscribe(channel: string): void;

  /** Returns why a publication on the channel would not be sent now: UNAVAILABLE or OVERLOADED. */
  abstract refusal(channel: string): MessagesError | undefined;

  /**
   * Publishes to the other processes. Resolves when the cluster has taken it; publications that
   * leave together may share one promise.
   *
   * @throws {MessagesError} UNAVAILABLE when nothing was sent
   * @throws {MessagesError} UNCERTAIN when it was sent and not confirmed in time
   * @throws {MessagesError} OVERLOADED when too much waits already; nothing was sent
   */
  abstract publish(channel: string, encoded: EncodedMessage): Promise<void>;

  /**
   * Returns a random secret of the cluster, the same in all its processes; made when there is none.
   *
   * @throws {MessagesError} UNAVAILABLE when the cluster cannot be asked now
   */
  abstract secret(): Promise<string>;

  /** Stops and lets go of everything; nothing arrives afterwards. May be called again. */
  abstract close(): Promise<void>;
}
