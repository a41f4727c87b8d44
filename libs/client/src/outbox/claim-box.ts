import { MAX_ID } from '../limits.js';
import { randomId } from '../transport/random-id.js';
import type { BoxEntry, BoxHead, IndexedBoxes } from '../transport/indexed-boxes.js';
import { mayRepeat, type StoredMessage } from './stored-message.js';

/** A box that one page has. */
export interface ClaimedBox {
  readonly boxes: IndexedBoxes<StoredMessage>;
  readonly number: number;
  readonly head: BoxHead;
  readonly entries: readonly BoxEntry<StoredMessage>[];
  /** Lets another page have it. */
  readonly release: () => void;
}

interface FreeBox {
  readonly number: number;
  readonly release: () => void;
  readonly entries: BoxEntry<StoredMessage>[];
}

/** More ids than a client uses while it may send a message again. */
const RESERVED_IDS = 16_777_216;

/**
 * Takes a box that no page has; makes one if there is none.
 *
 * One with messages that may be sent again goes before others.
 */
export function claimBox(boxes: IndexedBoxes<StoredMessage>, now: number): Promise<ClaimedBox> {
  return boxes.exclusively(async () => {
    const numbers = await boxes.numbers();
    const free = await freeBoxes(boxes, numbers);
    const chosen = free.find((box) => isOpen(box, now)) ?? free[0] ?? (await newBox(boxes, numbers));
    for (const { release } of free.filter((box) => box !== chosen)) release();
    const { number, entries, release } = chosen;
    try {
      const head = nextHead(entries, await boxes.head(number), now);
      await boxes.write(number, new Map(entries.map(({ key, value }) => [key, value])), head);
      return { boxes, number, head, entries, release };
    } catch (error) {
      release();
      throw error;
    }
  });
}

/**
 * Takes what lies in boxes that no page has into one's own.
 *
 * `nextKey` names the place of each.
 * A box with a message that may be sent again is left to who opens it: only its name can send that.
 */
export async function takeOver(
  { boxes, number: own }: ClaimedBox,
  nextKey: () => number,
  now: number,
): Promise<BoxEntry<StoredMessage>[]> {
  const taken: BoxEntry<StoredMessage>[] = [];
  await eachFreeBox(boxes, own, async (box) => {
    if (isOpen(box, now)) return;
    const moved = box.entries.map(({ value }) => ({ key: nextKey(), value: uncertain(value) }));
    await boxes.merge(box.number, own, new Map(moved.map(({ key, value }) => [key, value])));
    taken.push(...moved);
  });
  return taken;
}

/** Ends all boxes that no page has. */
export function dropFreeBoxes({ boxes, number: own }: ClaimedBox): Promise<void> {
  return eachFreeBox(boxes, own, ({ number }) => boxes.merge(number, own, new Map()));
}

function eachFreeBox(
  boxes: IndexedBoxes<StoredMessage>,
  own: number,
  use: (box: FreeBox) => Promise<void>,
): Promise<void> {
  return boxes.exclusively(async () => {
    const free = await freeBoxes(
      boxes,
      (await boxes.numbers()).filter((number) => number !== own),
    );
    try {
      for (const box of free) await use(box);
    } finally {
      for (const { release } of free) release();
    }
  });
}

async function freeBoxes(boxes: IndexedBoxes<StoredMessage>, numbers: readonly number[]): Promise<FreeBox[]> {
  const free: FreeBox[] = [];
  for (const number of numbers) {
    const release = await boxes.take(number);
    if (release) free.push({ number, release, entries: await boxes.entries(number) });
  }
  return free;
}

async function newBox(boxes: IndexedBoxes<StoredMessage>, numbers: readonly number[]): Promise<FreeBox> {
  for (let number = 0; ; number++) {
    const release = numbers.includes(number) ? undefined : await boxes.take(number);
    if (release) return { number, release, entries: [] };
  }
}

/** Tells whether there is something that only this box's name can send again. */
function isOpen({ entries }: FreeBox, now: number): boolean {
  return entries.some(({ value }) => mayRepeat(value, now));
}

/** Goes on with the name while something is sent again under it, above all ids that it used. */
function nextHead(
  entries: readonly BoxEntry<StoredMessage>[],
  head: BoxHead | undefined,
  now: number,
): BoxHead {
  const values = entries.map(({ value }) => value);
  const lastId = Math.max(head?.lastId ?? 0, ...values.map(({ id = 0 }) => id)) + RESERVED_IDS;
  if (head && values.some((value) => mayRepeat(value, now)) && lastId <= MAX_ID - RESERVED_IDS)
    return { client: head.client, lastId };
  values.forEach(uncertain);
  return { client: randomId(), lastId: 0 };
}

/** Notes that a message that may have been sent is not sent under another name. */
function uncertain(value: StoredMessage): StoredMessage {
  if (value.id) value.until = 0;
  return value;
}
