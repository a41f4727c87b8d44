import { from, isObservable, mergeMap, Observable, Subject, type Subscription } from 'rxjs';

/**
 * The result of a call that interceptors surround.
 *
 * `settled` resolves with the handler's value as the interceptors left it; when the handler returned an
 * Observable, at once with an Observable of all that the interceptors let through.
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

  /** Takes what the handler returned; returns what the interceptors get to see. */
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
    // The handler's Observable starts when someone listens, so that nothing has to be kept meanwhile.
    return from(opened).pipe(mergeMap(() => result));
  }

  /** Follows what the interceptors made of the call. */
  follow(outcome: Observable<unknown>): Promise<unknown> {
    this.source = outcome.subscribe({
      next: (value) => (this.relay ? this.relay.next(value) : (this.last = value)),
      error: (error) => (this.relay ?? { error: this.fail }).error(error),
      complete: () => (this.relay ? this.relay.complete() : this.settle(this.last)),
    });
    return this.settled;
  }
}
