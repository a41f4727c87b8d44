import type { Cluster, Redis } from 'ioredis';
import { isCluster } from './redis-link.js';

/** Joins commands into one write for each server. */
export class WriteCork {
  private isCorked = false;

  constructor(private readonly client: Redis | Cluster) {}

  /** Joins the commands until the end of this turn of the event loop. */
  joinTurn(): void {
    if (this.isCorked) return;
    this.isCorked = true;
    const uncork = this.cork();
    setImmediate(() => {
      this.isCorked = false;
      uncork();
    });
  }

  /** Joins the commands that a function sends before it returns. */
  join(send: () => void): void {
    const uncork = this.cork();
    try {
      send();
    } finally {
      uncork();
    }
  }

  private cork(): () => void {
    const { client } = this;
    const nodes = isCluster(client) ? client.nodes('master') : [client];
    // A client has no stream before it connects.
    const streams = nodes.flatMap(({ stream }) => stream ?? []);
    for (const stream of streams) stream.cork();
    return () => {
      for (const stream of streams) stream.uncork();
    };
  }
}
