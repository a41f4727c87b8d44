import { Injectable } from '@nestjs/common';
import type { PostResult } from '@nestwire/messages';
import type { Message } from '@nestwire/protocol';
import type { UserRevocation } from './auth/user-revocation.js';
import type { StreamsToClose } from './evictions/streams-to-close.js';
import type { SessionCloseReason } from './session/session-close-reason.js';
import type { StreamsServer } from './streams-server.js';

/** Gauges and counters of this process. */
export interface StreamsCounters {
  readonly connections: number;
  /** Connections before their `welcome`. */
  readonly handshakes: number;
  readonly sessions: number;
  /** Channels with a subscribed client. */
  readonly channels: number;
  /** Messages of channels and to users dropped since the start, for clients that read too slowly. */
  readonly droppedPublications: number;
  /** Disconnected clients whose results are remembered, in case they send a message again. */
  readonly rememberedClients: number;
  /** The approximate bytes of the remembered results of all clients. */
  readonly rememberedBytes: number;
  /** Sign-ins that wait for their turn. */
  readonly waitingSignIns: number;
  /** Credentials of newcomers that were refused since the start. */
  readonly refusedCredentials: number;
  /** Sign-ins refused since the start, because of too many refused credentials of their address. */
  readonly limitedSignIns: number;
  /** Reads of histories and snapshot calls that wait for their turn. */
  readonly waitingReads: number;
  /** Upgrade requests for streams that were refused with 4xx or 503 since the start. */
  readonly refusedUpgrades: number;
}

/** Inspects, revokes and drains the streams of this process. */
@Injectable()
export class StreamsService {
  constructor(private readonly server: StreamsServer) {}

  /**
   * True while new connections are accepted; use it in a readiness probe.
   *
   * False before the application listens, and from the start of its shutdown.
   */
  get isReady(): boolean {
    return this.server.isReady;
  }

  /** Returns the current gauges and counters. */
  counters(): StreamsCounters {
    const { registry, channels, results, signInGate, readTurns, refusedUpgrades, userMessages } = this.server;
    let sessions = 0;
    for (const connection of registry.all()) sessions += connection.streams.size;
    return {
      connections: registry.size,
      handshakes: registry.handshakeCount,
      sessions,
      channels: channels.size,
      droppedPublications: channels.fanout.droppedPublications + userMessages.droppedMessages,
      rememberedClients: results.goneClients,
      rememberedBytes: results.bytes,
      waitingSignIns: signInGate.waiting,
      refusedCredentials: signInGate.refusedCredentials,
      limitedSignIns: signInGate.limitedSignIns,
      waitingReads: readTurns.waiting,
      refusedUpgrades,
    };
  }

  /**
   * Checks the open connections of a user again, on all servers.
   *
   * Call it after the change, because the authenticator is asked again with the credential of each connection.
   * A refused connection is closed with 4502 for good. An accepted one gets the new user, and the guards of its
   * streams run again. Until the answer a connection stays open; without an answer it is closed with 4005.
   *
   * Resolves when the connections of this process are checked and the broker has the notice for the others.
   * `delivered` is `degraded` if that is uncertain; then the other servers follow within `recheckMs`.
   *
   * @throws {StreamsConfigurationError} when there is no authenticator
   * @throws {CodedError} INVALID_MESSAGE when no user is named
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  revoke(revocation: UserRevocation): Promise<PostResult> {
    return this.server.revoke(revocation);
  }

  /**
   * Sends a message to all open sessions of a user at an endpoint, on all servers.
   *
   * These are the streams of all devices and of all parameters. Each gets the message at most once; a client
   * that reads too slowly, or is away, loses it. For messages that must arrive, use a channel with history.
   * Sessions of this process have it when the call returns. Resolves as a post on a channel without history.
   *
   * @throws {StreamsConfigurationError} when there is no authenticator
   * @throws {CodedError} INVALID_MESSAGE when the endpoint or the user is not named
   * @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE when the message cannot be encoded
   * @throws {MessagesError} MESSAGE_TOO_LARGE, MESSAGES_CLOSED
   */
  sendToUser(endpoint: string, userId: string, message: Message): Promise<PostResult> {
    return this.server.sendToUser(endpoint, userId, message);
  }

  /**
   * Ends the streams of an endpoint, in the whole cluster.
   *
   * Each session ends with the code `evicted` and the text, or with the given reason. The client does not open
   * it again before its next use. Earlier resume tokens of these streams are void. Guards and
   * `@OnStreamOpened` decide whether a client may open the stream again.
   *
   * Resolves when the sessions of this process have begun to end and the cluster has stored the order.
   * `delivered` is `degraded` if that takes more than 5 s; the order is then stored later, as long as this
   * process runs. A server that is cut off executes the order when it is back, up to one hour later.
   *
   * @param which the endpoint, and any of parameters, user and session; a stream with these and more parameters
   *   matches
   * @throws {CodedError} INVALID_MESSAGE when the endpoint is not named, or another part is empty or not flat
   * @throws {CodedError} BUSY when 1,000 orders of this process wait to be stored
   */
  close<P extends object>(
    which: StreamsToClose<P>,
    reason: SessionCloseReason | string = 'The server closed the stream.',
  ): Promise<PostResult> {
    return this.server.close(which, reason);
  }

  /**
   * Drains all connections, as the shutdown does; idempotent.
   *
   * It refuses new connections and asks the clients to reconnect elsewhere. It serves each client until it
   * leaves, at most for `shutdown.deadlineMs`.
   */
  drain(): Promise<void> {
    return this.server.drain();
  }
}
