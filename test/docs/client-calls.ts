// The code of docs/client.md about calls and parameters; compiled and run with the tests.
import { createStreamClient } from '@nestwire/client';
import { CodedError, create } from '@nestwire/protocol';
import type { StreamsOf } from '@nestwire/streams';
import { Chunk, CountDown, LoadOlder, Page, Tick, Upload, Uploaded, type DeskEndpoint } from './calls.js';

type DeskStreams = StreamsOf<{ desk: DeskEndpoint }>;

/** Makes the client of the page. */
export function createDeskClient(url: string) {
  return createStreamClient<DeskStreams>()({
    url,
    messages: [Chunk, CountDown, LoadOlder, Page, Tick, Upload, Uploaded],
  });
}

type DeskClient = ReturnType<typeof createDeskClient>;

/** Calls a method with one reply. */
export async function loadOlder(client: DeskClient): Promise<readonly string[]> {
  // #region reply
  const page = await client.desk.loadOlder(create(LoadOlder, { before: 2 }));
  return page.texts;
  // #endregion reply
}

/** Reads the items of a call until a limit. */
export async function countDown(client: DeskClient, show: (left: number) => void): Promise<void> {
  // #region items
  for await (const { left } of client.desk.countDown(create(CountDown, { from: 10 }))) {
    show(left);
    if (left === 5) break; // ends the call
  }
  // #endregion items
}

/** Sends items into a call. */
export async function upload(client: DeskClient, file: AsyncIterable<string>): Promise<number> {
  // #region upload
  async function* chunks() {
    for await (const text of file) yield create(Chunk, { text });
  }
  const { characters } = await client.desk.upload(create(Upload, { name: 'notes.txt' }), chunks());
  // #endregion upload
  return characters;
}

/** Cancels a call from a button. */
export async function stoppable(client: DeskClient, print: (text: string) => void): Promise<() => void> {
  // #region cancel
  const call = client.desk.countDown(create(CountDown, { from: 1_000 }), { timeoutMs: 60_000 });
  const read = async () => {
    try {
      for await (const { left } of call) print(`${left}`);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      print(error.code); // CANCELLED, DEADLINE_EXCEEDED, CALL_LOST, UNCERTAIN, or a code of the server
    }
  };
  void read();
  return () => void call.cancel();
  // #endregion cancel
}
