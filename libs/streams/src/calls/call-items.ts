/**
 * The items that a client sends into a call, in the order sent.
 *
 * They can be read once. A reader that stops lets the client stop too.
 */
export abstract class CallItems<T> implements AsyncIterable<T> {
  /** Makes the class nominal, so that the types tell items from other iterables. */
  declare private readonly itemsBrand: T;

  abstract [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined>;
}
