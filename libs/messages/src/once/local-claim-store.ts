import { SYSTEM_CLOCK, type Clock } from '../scheduling/clock.js';
import { ClaimStore, type Claim, type ClaimedWork } from './claim-store.js';

const MAX_CLAIMS = 100_000;

interface Known {
  readonly endsAtMs: number;
  /** The result; undefined while the work runs. */
  readonly result: string | undefined;
}

/**
 * Stores the claims of one process.
 *
 * It stores at most 100,000 claims; a further one replaces the oldest.
 */
export class LocalClaimStore extends ClaimStore {
  private readonly known = new Map<string, Known>();

  constructor(private readonly clock: Clock = SYSTEM_CLOCK) {
    super();
  }

  /** The number of stored claims. */
  get size(): number {
    return this.known.size;
  }

  async claim(work: ClaimedWork): Promise<Claim> {
    this.forget();
    const known = this.known.get(work.id);
    if (known && known.endsAtMs > this.clock.now())
      return known.result === undefined ? 'running' : { result: known.result };
    this.remember(work, undefined);
    return 'claimed';
  }

  async settle(work: ClaimedWork, result: string): Promise<void> {
    this.remember(work, result);
  }

  private remember({ id, ttlMs }: ClaimedWork, result: string | undefined): void {
    this.known.delete(id);
    this.known.set(id, { endsAtMs: this.clock.now() + ttlMs, result });
  }

  /** Removes expired claims at the front, and the oldest ones above the limit. */
  private forget(): void {
    const nowMs = this.clock.now();
    for (const [id, { endsAtMs }] of this.known) {
      if (endsAtMs > nowMs && this.known.size < MAX_CLAIMS) return;
      this.known.delete(id);
    }
  }
}
