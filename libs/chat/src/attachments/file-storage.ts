/** A part of a file; both ends are included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Stores the bytes of files.
 *
 * The chat chooses the keys: 1 to 64 characters of A-Z a-z 0-9 _ . - without `..`. A file is written in slices, then
 * completed, then only read and deleted. `describeFileStorage` of `@nestwire/testing` checks an implementation.
 */
export abstract class ChatFileStorage {
  /** Writes a slice at its place. The same slice may come again, also on another server. */
  abstract write(key: string, offset: number, slice: Uint8Array): Promise<void>;
  /**
   * Completes a file of this size; a repetition changes nothing.
   *
   * From now on it can be read. A slice that is written later does not change it.
   */
  abstract complete(key: string, size: number): Promise<void>;
  /** Reads a complete file, or a range of it. It throws when there is none. */
  abstract read(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Deletes a file, complete or not; none remains none. */
  abstract delete(key: string): Promise<void>;
}
