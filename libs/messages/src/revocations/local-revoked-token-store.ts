import { SYSTEM_CLOCK, type Clock } from '../scheduling/clock.js';
import {
  MAX_REVOKED_SUBJECTS,
  RevokedTokenStore,
  type RevokedTokens,
  type TokenRevocation,
} from './revoked-token-store.js';

const MAX_HOLDERS = 20_000;

/** The clock and the limits of the list of one process. */
export interface LocalRevokedTokenBounds {
  readonly clock?: Clock;
  /** The least generation of any token. @default the time in milliseconds */
  readonly beginning?: number;
  /** The most holders; a further one raises the floor for all. @default 20_000 */
  readonly maxHolders?: number;
}

interface Known {
  floor: number;
  readonly subjects: Map<string, number>;
  endsAtMs: number;
}

/** The list of revoked tokens of one process. */
export class LocalRevokedTokenStore extends RevokedTokenStore {
  private readonly known = new Map<string, Known>();
  private readonly clock: Clock;
  private readonly maxHolders: number;
  private floor: number;
  private generation: number;

  constructor(bounds: LocalRevokedTokenBounds = {}) {
    super();
    const { clock = SYSTEM_CLOCK, maxHolders = MAX_HOLDERS, beginning = Date.now() } = bounds;
    this.floor = this.generation = beginning;
    this.clock = clock;
    this.maxHolders = maxHolders;
  }

  async revoke({ holder, subjects, ttlMs }: TokenRevocation): Promise<RevokedTokens> {
    this.forget();
    this.generation = Math.max(this.generation + 1, Date.now());
    const known = this.known.get(holder) ?? { floor: 0, subjects: new Map<string, number>(), endsAtMs: 0 };
    // Moved to the end, so that the first holder is the one with the oldest revocation.
    this.known.delete(holder);
    this.known.set(holder, known);
    known.endsAtMs = this.clock.now() + ttlMs;
    for (const subject of subjects) known.subjects.set(subject, this.generation);
    for (const [subject, generation] of known.subjects)
      if (generation < this.generation - ttlMs) known.subjects.delete(subject);
    if (known.subjects.size > MAX_REVOKED_SUBJECTS) {
      known.subjects.clear();
      known.floor = this.generation;
    }
    return this.read(holder);
  }

  async read(holder: string): Promise<RevokedTokens> {
    const known = this.known.get(holder);
    if (!known || known.endsAtMs <= this.clock.now()) return { floor: this.floor, subjects: new Map() };
    return { floor: Math.max(this.floor, known.floor), subjects: new Map(known.subjects) };
  }

  /** Removes expired holders, and makes room for one. */
  private forget(): void {
    const nowMs = this.clock.now();
    for (const [holder, { endsAtMs, floor, subjects }] of this.known) {
      const isFull = this.known.size >= this.maxHolders;
      if (endsAtMs > nowMs && !isFull) return;
      if (endsAtMs > nowMs) this.floor = Math.max(this.floor, floor, ...subjects.values());
      this.known.delete(holder);
    }
  }
}
