/** A promise and the functions that settle it. */
export class Deferred<T = void> {
  resolve!: (value: T | PromiseLike<T>) => void;
  reject!: (error: unknown) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}
