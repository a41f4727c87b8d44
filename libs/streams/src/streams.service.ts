import { Injectable } from '@nestjs/common';
import type { StreamsServer } from './streams.server.js';

/** How much there is of what, in this process. */
export interface StreamsCounters {
  readonly connections: number;
  /** Connections that have not finished their hello. */
  readonly greetings: number;
  readonly sessions: number;
  /** Channels that flow to any client. */
  readonly channels: number;
  /** Channel messages dropped since the start, for clients that read too slowly. */
  readonly droppedPublications: number;
  /** Clients without a connection whose answers are remembered, in case they ask again. */
  readonly rememberedClients: number;
  /** About how many bytes the answers of all clients take. */
  readonly rememberedBytes: number;
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
    const { registry, fanout, answers } = this.server;
    let sessions = 0;
    for (const connection of registry.all()) sessions += connection.streams.size;
    return {
      connections: registry.size,
      greetings: registry.greetingCount,
      sessions,
      channels: fanout.channels,
      droppedPublications: fanout.droppedPublications,
      rememberedClients: answers.goneClients,
      rememberedBytes: answers.bytes,
    };
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
