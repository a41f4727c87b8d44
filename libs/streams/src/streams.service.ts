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

  /** Counts what there is at this moment. */
  counters(): StreamsCounters {
    const { registry, channels, answers } = this.server;
    let sessions = 0;
    for (const connection of registry.all()) sessions += connection.streams.size;
    return {
      connections: registry.size,
      greetings: registry.greetingCount,
      sessions,
      channels: channels.size,
      droppedPublications: channels.fanout.droppedPublications,
      rememberedClients: answers.goneClients,
      rememberedBytes: answers.bytes,
    };
  }

  /**
   * Ends all connections in good order, as the shutdown does; idempotent.
   *
   * New connections are refused, clients told to come back elsewhere, handlers get
   * `shutdown.deadlineMs` to finish.
   */
  drain(): Promise<void> {
    return this.server.drain();
  }
}
