import type { Writable } from 'node:stream';

type Write = (chunk: unknown, encoding: unknown, done: (error?: Error | null) => void) => void;

interface Receiver extends Writable {
  _write: Write;
}

/**
 * Makes the receiver of a WebSocket skip everything behind an error.
 *
 * Node writes the chunks that wait behind an asynchronous write even when one of them fails. ws 8.22 and 8.23 then
 * read on in a state that no longer exists and throw outside of any caller, which ends the process. Chunks wait
 * where messages are inflated. `_receiver` is not public; without it nothing changes.
 */
export function guardReceiver(ws: object): void {
  const receiver = (ws as { _receiver?: Receiver })._receiver;
  if (!receiver) return;
  const write = receiver._write;
  receiver._write = (chunk, encoding, done) =>
    receiver.errored ? done() : write.call(receiver, chunk, encoding, done);
}
