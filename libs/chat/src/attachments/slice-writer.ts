import { exceeded } from '../limits/checks.js';
import type { ChatFileStorage } from './file-storage.js';

/** The bytes that are collected before the storage gets them. */
const SLICE_BYTES = 262_144;

/** Writes chunks of an upload to the storage, in slices. */
export class SliceWriter {
  private readonly waiting: Uint8Array[] = [];
  private waitingBytes = 0;

  constructor(
    private readonly storage: ChatFileStorage,
    private readonly file: { readonly key: string; readonly size: number },
    private written: number,
  ) {}

  /** The bytes from the beginning of the file that the storage has. */
  get offset(): number {
    return this.written;
  }

  /**
   * Adds a chunk; resolves to true when a slice was written.
   *
   * @throws {ChatError} CHAT_LIMIT_EXCEEDED when the file becomes larger than its size
   */
  async add(chunk: Uint8Array): Promise<boolean> {
    if (this.written + this.waitingBytes + chunk.length > this.file.size)
      throw exceeded(`The upload has more than its ${this.file.size} bytes`);
    this.waiting.push(chunk);
    this.waitingBytes += chunk.length;
    if (this.waitingBytes < SLICE_BYTES) return false;
    await this.flush();
    return true;
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    if (this.waitingBytes === 0) return;
    const slice = Buffer.concat(this.waiting.splice(0));
    this.waitingBytes = 0;
    await this.storage.write(this.file.key, this.written, slice);
    this.written += slice.length;
  }
}
