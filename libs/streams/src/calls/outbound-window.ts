/** The progress that a client reports with a credit. */
export interface CreditProgress {
  readonly items: number;
  readonly bytes: number;
}

/**
 * Counts the items in flight to a client: sent and not consumed.
 *
 * Limits their number and their bytes; one item larger than the limit may be alone in flight.
 */
export class OutboundWindow {
  /** The number of items sent. */
  sent = 0;
  private consumed = 0;
  private bytes = 0;
  private readonly sizes: number[] = [];

  constructor(
    private readonly maxItems: number,
    private readonly maxBytes: number,
  ) {}

  /** Continues after items that were sent before; those that are not consumed count without a size. */
  continueAfter(sent: number, consumed: number): void {
    this.sent = sent;
    this.consumed = Math.min(sent, consumed);
    for (let left = Math.min(this.maxItems, sent - this.consumed); left > 0; left--) this.sizes.push(0);
  }

  /** The number of items in flight. */
  get inFlight(): number {
    return this.sizes.length;
  }

  /** True when an item of one byte may be sent. */
  get isOpen(): boolean {
    return this.sizes.length < this.maxItems && this.bytes < this.maxBytes;
  }

  /** Returns whether an item of this size may be sent. */
  fits(size: number): boolean {
    return !this.sizes.length || (this.sizes.length < this.maxItems && this.bytes + size <= this.maxBytes);
  }

  /** Counts an item that is sent. */
  add(size: number): void {
    this.sent++;
    this.bytes += size;
    this.sizes.push(size);
  }

  /**
   * Takes the number of all items that the client has consumed.
   *
   * @returns the progress; undefined when it is more than was sent
   */
  consume(total: number): CreditProgress | undefined {
    if (total > this.sent) return undefined;
    const items = Math.max(0, total - this.consumed);
    let bytes = 0;
    for (const size of this.sizes.splice(0, items)) bytes += size;
    this.consumed += items;
    this.bytes -= bytes;
    return { items, bytes };
  }
}
