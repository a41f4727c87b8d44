/** How long a network is there and gone, and for how many. */
export interface OutagePlan {
  readonly seed: number;
  readonly clients: number;
  readonly durationMs: number;
  /** The mean of the time between two outages. */
  readonly upMs: number;
  /** The bounds of how long one lasts. */
  readonly downMs: readonly [least: number, most: number];
}

/** When a network goes and comes back, in milliseconds from the start. */
export interface Outage {
  readonly cutAtMs: number;
  readonly healAtMs: number;
}

/** Returns the outages of each client: the same for every peer. */
export function scheduleOf(plan: OutagePlan): Outage[][];
