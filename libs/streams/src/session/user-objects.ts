type AnyClass = abstract new (...args: never[]) => unknown;

/** The user objects of one session, by class. */
export class UserObjects {
  // Created on demand, because most sessions have none.
  private objects: Map<unknown, unknown> | undefined;
  private provided: Map<unknown, unknown> | undefined;
  private last: unknown;

  /** Stores an object under its class and as the last one; replaces an earlier one. */
  set(object: object): void {
    (this.objects ??= new Map()).set(object.constructor, object);
    this.last = object;
  }

  /** Stores an instance from dependency injection under its token. */
  provide(cls: AnyClass, instance: unknown): void {
    (this.provided ??= new Map()).set(cls, instance);
  }

  /** Returns the object of this class, or the last one; undefined without one. */
  get(cls?: AnyClass): unknown {
    if (!cls) return this.last;
    return this.objects?.get(cls) ?? this.provided?.get(cls);
  }

  /** Removes all objects after the end of the session. */
  clear(): void {
    this.objects = undefined;
    this.provided = undefined;
    this.last = undefined;
  }
}
