import { MAX_ID } from '../limits.js';
import { randomId } from '../transport/random-id.js';
import type { BoxEntry, BoxHead, IndexedBoxes } from '../transport/indexed-boxes.js';
import { mayRepeat, type OutboxMessage } from './outbox-message.js';

/** A box that this page owns. */
export interface ClaimedBox {
  readonly boxes: IndexedBoxes<OutboxMessage>;
  readonly number: number;
  readonly head: BoxHead;
  readonly entries: readonly BoxEntry<OutboxMessage>[];
  /** Releases the box for other pages. */
  readonly release: () => void;
}

interface FreeBox {
  readonly number: number;
  readonly release: () => void;
  readonly entries: BoxEntry<OutboxMessage>[];
}

/** More ids than a client uses during the time in which a message may be resent. */
const RESERVED_IDS = 16_777_216;

/**
 * Takes a box without an owner; creates one if there is none.
 *
 * A box with messages that may be resent is preferred.
 */
export function claimBox(boxes: IndexedBoxes<OutboxMessage>, now: number): Promise<ClaimedBox> {
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
 * Moves the messages of all boxes without an owner into the own box.
 *
 * `nextKey` returns the new key of each message. A box with messages that may be resent stays for the page
 * that opens it, because only its client id can resend them.
 */
export async function takeOver(
  { boxes, number: own }: ClaimedBox,
  nextKey: () => number,
  now: number,
): Promise<BoxEntry<OutboxMessage>[]> {
  const taken: BoxEntry<OutboxMessage>[] = [];
  await eachFreeBox(boxes, own, async (box) => {
    if (isOpen(box, now)) return;
    const moved = box.entries.map(({ value }) => ({ key: nextKey(), value: uncertain(value) }));
    await boxes.merge(box.number, own, new Map(moved.map(({ key, value }) => [key, value])));
    taken.push(...moved);
  });
  return taken;
}

/** Deletes all boxes without an owner. */
export function dropFreeBoxes({ boxes, number: own }: ClaimedBox): Promise<void> {
  return eachFreeBox(boxes, own, ({ number }) => boxes.merge(number, own, new Map()));
}

function eachFreeBox(
  boxes: IndexedBoxes<OutboxMessage>,
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

async function freeBoxes(boxes: IndexedBoxes<OutboxMessage>, numbers: readonly number[]): Promise<FreeBox[]> {
  const free: FreeBox[] = [];
  for (const number of numbers) {
    const release = await boxes.take(number);
    if (release) free.push({ number, release, entries: await boxes.entries(number) });
  }
  return free;
}

async function newBox(boxes: IndexedBoxes<OutboxMessage>, numbers: readonly number[]): Promise<FreeBox> {
  for (let number = 0; ; number++) {
    const release = numbers.includes(number) ? undefined : await boxes.take(number);
    if (release) return { number, release, entries: [] };
  }
}

/** Returns true when a message can only be resent with the client id of this box. */
function isOpen({ entries }: FreeBox, now: number): boolean {
  return entries.some(({ value }) => mayRepeat(value, now));
}

/**
 * Returns the head of a claimed box: it keeps the client id while a message may be resent, with unused ids.
 */
function nextHead(
  entries: readonly BoxEntry<OutboxMessage>[],
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

/** Marks a message that may have been sent, so that it is not sent with another client id. */
function uncertain(value: OutboxMessage): OutboxMessage {
  if (value.id) value.until = 0;
  return value;
}
