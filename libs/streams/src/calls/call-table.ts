/** A call in a table. */
export interface TabledCall {
  /** The id of its frame. */
  readonly id: number;
}

const FIRST_SLOTS = 8;
/** The golden ratio in 32 bits spreads ids that follow each other. */
const SPREAD = 0x9e3779b1;

/**
 * The calls of one connection by their ids.
 *
 * A Map allocates another table every few calls. A table that has become old keeps all later ones alive until
 * the next full garbage collection. This table allocates only when it grows.
 */
export class CallTable<Call extends TabledCall> {
  /** The length is a power of two, and at least half of the slots are free. Created on demand. */
  private slots: Array<Call | undefined> = [];
  /** The places of the calls in the order added, by slot. */
  private orders: number[] = [];
  private added = 0;
  private count = 0;

  /** The number of calls. */
  get size(): number {
    return this.count;
  }

  /** Returns the call with an id. */
  get(id: number): Call | undefined {
    return this.count ? this.slots[this.slotOf(id)] : undefined;
  }

  /** Adds a call; no call in the table has its id. */
  add(call: Call): void {
    if (2 * (this.count + 1) > this.slots.length) this.grow();
    this.put(call, this.added++);
    this.count++;
  }

  /** Removes a call, unless another one has its id. */
  delete(call: Call): void {
    if (!this.count) return;
    const slot = this.slotOf(call.id);
    if (this.slots[slot] !== call) return;
    this.count--;
    this.vacate(slot);
  }

  /** Returns all calls in the order added; the list does not follow later changes. */
  all(): Call[] {
    const calls: Array<{ readonly call: Call; readonly order: number }> = [];
    for (const [slot, call] of this.slots.entries())
      if (call) calls.push({ call, order: this.orders[slot] ?? 0 });
    return calls.sort((a, b) => a.order - b.order).map(({ call }) => call);
  }

  private grow(): void {
    const { slots, orders } = this;
    const length = Math.max(FIRST_SLOTS, 2 * slots.length);
    this.slots = Array.from({ length }, () => undefined);
    this.orders = Array.from({ length }, () => 0);
    for (const [slot, call] of slots.entries()) if (call) this.put(call, orders[slot] ?? 0);
  }

  private put(call: Call, order: number): void {
    const slot = this.slotOf(call.id);
    this.slots[slot] = call;
    this.orders[slot] = order;
  }

  /** Returns the slot with an id, or the free slot for it. */
  private slotOf(id: number): number {
    let slot = this.homeOf(id);
    for (let call = this.slots[slot]; call && call.id !== id; call = this.slots[slot])
      slot = this.after(slot);
    return slot;
  }

  /** Frees a slot, and moves the calls behind it that were kept from their own slot. */
  private vacate(slot: number): void {
    const { slots, orders } = this;
    let free = slot;
    let next = this.after(slot);
    for (let call = slots[next]; call; call = slots[next]) {
      if (this.distance(this.homeOf(call.id), next) >= this.distance(free, next)) {
        slots[free] = call;
        orders[free] = orders[next] ?? 0;
        free = next;
      }
      next = this.after(next);
    }
    slots[free] = undefined;
  }

  private homeOf(id: number): number {
    return (Math.imul(id, SPREAD) >>> 16) & (this.slots.length - 1);
  }

  private after(slot: number): number {
    return (slot + 1) & (this.slots.length - 1);
  }

  private distance(from: number, to: number): number {
    return (to - from) & (this.slots.length - 1);
  }
}
