import { from, isObservable, mergeMap, Observable, Subject, type Subscription } from 'rxjs';

/**
 * The result of a call with interceptors.
 *
 * `settled` resolves to the handler's value after the interceptors. If the handler returns an Observable, it
 * resolves at once to an Observable of the items that the interceptors emit.
 */
export class InterceptedResult {
  readonly settled: Promise<unknown>;
  private settle!: (value: unknown) => void;
  private fail!: (error: unknown) => void;
  private source?: Subscription;
  private relay?: Subject<unknown>;
  private last: unknown;

  constructor() {
    this.settled = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
    });
  }

  /** Takes the handler's result; returns the value for the interceptors. */
  handlerReturned(result: unknown): unknown {
    if (!isObservable(result)) return result;
    const relay = (this.relay = new Subject<unknown>());
    const opened = new Promise<void>((open) => {
      this.settle(
        new Observable((subscriber) => {
          relay.subscribe(subscriber);
          open();
          return () => this.source?.unsubscribe();
        }),
      );
    });
    // The handler's Observable starts on subscription, so that no item is buffered.
    return from(opened).pipe(mergeMap(() => result));
  }

  /** Follows the Observable that the interceptors return. */
  follow(outcome: Observable<unknown>): Promise<unknown> {
    this.source = outcome.subscribe({
      next: (value) => (this.relay ? this.relay.next(value) : (this.last = value)),
      error: (error) => (this.relay ?? { error: this.fail }).error(error),
      complete: () => (this.relay ? this.relay.complete() : this.settle(this.last)),
    });
    return this.settled;
  }
}
