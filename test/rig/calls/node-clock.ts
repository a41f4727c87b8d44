import type { Clock } from '@nestwire/messages/internal';
import type { FakeClock } from '@nestwire/testing';

/** The timers of one server on the clock of a world. */
export class NodeClock implements Clock {
  private readonly cancels = new Set<() => void>();
  private isDead = false;

  constructor(private readonly world: FakeClock) {}

  /** The number of pending timers. */
  get pending(): number {
    return this.cancels.size;
  }

  now(): number {
    return this.world.now();
  }

  after(ms: number, run: () => void): () => void {
    if (this.isDead) return () => undefined;
    const forget = (): void => {
      cancel();
      this.cancels.delete(forget);
    };
    const cancel = this.world.after(ms, () => {
      forget();
      run();
    });
    this.cancels.add(forget);
    return forget;
  }

  /** Ends all timers of a server that has died. */
  die(): void {
    this.isDead = true;
    for (const cancel of [...this.cancels]) cancel();
  }
}
