type AnyClass = abstract new (...args: never[]) => unknown;

/** The objects of one session, found by their class. */
export class UserObjects {
  // Made when they are needed: most sessions have none.
  private objects: Map<unknown, unknown> | undefined;
  private provided: Map<unknown, unknown> | undefined;
  private last: unknown;

  /**
   * Keeps an object under its class, in place of an earlier one; the object
   * becomes the one set last.
   */
  set(object: object): void {
    (this.objects ??= new Map()).set(object.constructor, object);
    this.last = object;
  }

  /**
   * Keeps an instance that dependency injection made, under the class that it was
   * asked by.
   */
  provide(cls: AnyClass, instance: unknown): void {
    (this.provided ??= new Map()).set(cls, instance);
  }

  /**
   * Returns the object of this class, or the one set last; undefined when there is
   * none.
   */
  get(cls?: AnyClass): unknown {
    if (!cls) return this.last;
    return this.objects?.get(cls) ?? this.provided?.get(cls);
  }

  /** Forgets all objects; the session has ended. */
  clear(): void {
    this.objects = undefined;
    this.provided = undefined;
    this.last = undefined;
  }
}
