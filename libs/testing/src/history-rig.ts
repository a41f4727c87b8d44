import type { HistoryLength, MessagesError, Position } from '@nestwire/messages';
import type {
  Draft,
  HistoryStore,
  HistoryChannel,
  Broker,
  PageBounds,
  Stored,
  StoredMessage,
} from '@nestwire/messages/backend';

/** A process with its history and the received notifications. */
export interface HistoryNode {
  readonly backend: Broker;
  readonly history: HistoryStore;
  readonly heard: Array<StoredMessage & { readonly channel: string }>;
  readonly suspected: string[];
}

/** Starts another process. */
export type StartHistory = () => Promise<HistoryNode>;

const DEADLINE_MS = 10_000;
const KEPT: HistoryLength = { messages: 1_000, ageMs: 60_000 };
/** Bounds above all histories of the tests. */
export const ALL: PageBounds = { messages: 100_000, bytes: 1e9 };

let count = 0;

/** Returns a channel with a unique name. */
export function fresh(history: HistoryLength = KEPT): HistoryChannel {
  return { name: `h${process.pid}:${Date.now()}:${++count}`, history, durability: 'memory' };
}

/** Makes a draft. */
export function draft(text = ''): Draft {
  return { id: `d${++count}`, type: 'contract.message', data: textOf(text) };
}

/** Makes drafts with the same text. */
export function drafts(length: number, text?: string): Draft[] {
  return Array.from({ length }, () => draft(text));
}

/** Returns the encoded text of a draft. */
export function textOf(text: string): string {
  return JSON.stringify({ text });
}

/** Stores drafts; all must succeed. */
export async function append(
  history: HistoryStore,
  channel: HistoryChannel,
  sent: readonly Draft[],
): Promise<readonly Stored[]> {
  const results = await history.append(channel, sent);
  expect(results).toHaveLength(sent.length);
  return results.map((result) => {
    if ('position' in result) return result;
    throw result as MessagesError;
  });
}

/** Returns only the position of a message. */
export function placeOf({ epoch, offset, id }: Position): Position {
  return { epoch, offset, id };
}

/** Expects that messages form a complete chain up to the head. */
export function expectChain(messages: readonly StoredMessage[], head: Position): void {
  for (const [index, { offset, previousId }] of messages.entries()) {
    const before = messages[index - 1];
    if (before) expect([offset, previousId]).toEqual([before.offset + 1, before.id]);
  }
  const last = messages.at(-1);
  expect(last && placeOf(last)).toEqual(placeOf(head));
}

/** Resolves when exactly `length` messages were received. */
export function arrived({ heard }: HistoryNode, length: number): Promise<void> {
  return until(() => {
    if (heard.length > length)
      throw new Error(`${heard.length} messages were received instead of ${length}.`);
    return heard.length === length;
  });
}

/** Waits until a condition is true. */
export async function until(fact: () => unknown): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!(await fact())) {
    if (performance.now() > endMs) throw new Error(`Not within ${DEADLINE_MS} ms: ${fact.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
