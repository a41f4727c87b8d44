import type { Writable } from 'node:stream';

type Write = (chunk: unknown, encoding: unknown, done: (error?: Error | null) => void) => void;

interface Receiver extends Writable {
  _write: Write;
}

/**
 * Makes the receiver of a WebSocket ignore all chunks after an error.
 *
 * After a failed asynchronous write, Node still writes the queued chunks. ws 8.22 and 8.23 then read on in an
 * invalid state and throw outside any caller, which ends the process. Chunks are queued while a message is
 * inflated. `_receiver` is not public; without it nothing changes.
 */
export function guardReceiver(ws: object): void {
  const receiver = (ws as { _receiver?: Receiver })._receiver;
  if (!receiver) return;
  const write = receiver._write;
  receiver._write = (chunk, encoding, done) =>
    receiver.errored ? done() : write.call(receiver, chunk, encoding, done);
}
