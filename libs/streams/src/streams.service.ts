import { Injectable } from '@nestjs/common';
import type { PostResult } from '@nestwire/messages';
import type { UserRevocation } from './auth/user-revocation.js';
import type { StreamsServer } from './streams-server.js';

/** How much there is of what, in this process. */
export interface StreamsCounters {
  readonly connections: number;
  /** Connections that have not finished their hello. */
  readonly handshakes: number;
  readonly sessions: number;
  /** Channels that flow to any client. */
  readonly channels: number;
  /** Channel messages dropped since the start, for clients that read too slowly. */
  readonly droppedPublications: number;
  /** Clients without a connection whose answers are remembered, in case they ask again. */
  readonly rememberedClients: number;
  /** About how many bytes the answers of all clients take. */
  readonly rememberedBytes: number;
  /** Sign-ins that wait for their turn. */
  readonly waitingSignIns: number;
  /** Credentials of newcomers that were refused since the start. */
  readonly refusedCredentials: number;
  /** Sign-ins refused since the start, because too many of their address were. */
  readonly limitedSignIns: number;
  /** Reads of histories, and calls for snapshots, that wait for the turn of their client. */
  readonly waitingReads: number;
  /** Upgrade requests for streams that were answered with 4xx or 503 since the start. */
  readonly refusedUpgrades: number;
}

/** Looks at the streams of this process, and drains them. */
@Injectable()
export class StreamsService {
  constructor(private readonly server: StreamsServer) {}

  /**
   * Tells whether new connections are taken: what a readiness probe asks.
   *
   * False before the application listens, and from the first moment of its shutdown on.
   */
  get isReady(): boolean {
    return this.server.isReady;
  }

  /** Counts what there is at this moment. */
  counters(): StreamsCounters {
    const { registry, channels, results, signInGate, readTurns, refusedUpgrades } = this.server;
    let sessions = 0;
    for (const connection of registry.all()) sessions += connection.streams.size;
    return {
      connections: registry.size,
      handshakes: registry.handshakeCount,
      sessions,
      channels: channels.size,
      droppedPublications: channels.fanout.droppedPublications,
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
   * Judges the open connections of a user again, on all servers, and closes what may no longer be open.
   *
   * Call it when the authenticator already knows of the change: it is asked again with what each connection
   * brought. What it refuses is closed with 4502, for good; what it accepts gets the new user, and all of its
   * streams are judged by it. Until it has answered a connection goes on; without an answer it is closed with 4005.
   *
   * Resolves when the connections of this process are judged and the broker has the notice for the others:
   * `delivered` is `degraded` where it has not for certain, and then they find out within `recheckMs`.
   *
   * @throws {StreamsConfigurationError} when there is no authenticator
   * @throws {CodedError} INVALID_MESSAGE when nobody is named
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  revoke(revocation: UserRevocation): Promise<PostResult> {
    return this.server.revoke(revocation);
  }

  /**
   * Ends all connections in good order, as the shutdown does; idempotent.
   *
   * New connections are refused, clients asked to come back elsewhere and served until they have left,
   * `shutdown.deadlineMs` at most.
   */
  drain(): Promise<void> {
    return this.server.drain();
  }
}
