import { create } from '@nestwire/protocol';
import type { ChatUpload } from '../wire/upload-replies.js';
import { ChatBeginUpload, ChatChunk, ChatUploadFrom } from '../wire/upload-requests.js';
import type { ChannelCalls, ChatClock } from './chat-client.js';
import { codedError, isPassing, retryMs } from './retry.js';

/** Files to send, and what happens to them. */
export interface FilesToSend {
  readonly files: readonly Blob[];
  /** The client id of their message; a file that was begun under it continues where it was. */
  readonly clientId: string;
  readonly signal: AbortSignal;
  readonly clock: ChatClock;
  /** Called with the bytes of all files that are sent. */
  readonly progress: (sent: number) => void;
}

/**
 * Sends files, one after the other, and returns the ids of the attachments.
 *
 * A file is sent again from where it was after a failure that passes.
 *
 * @throws {CodedError} the error of the server, or ABORTED
 */
export async function uploadFiles(calls: ChannelCalls, sending: FilesToSend): Promise<string[]> {
  const ids: string[] = [];
  let before = 0;
  for (const file of sending.files) {
    const clientId = `${sending.clientId}.${ids.length}`;
    const base = before;
    const progress = (sent: number): void => sending.progress(base + sent);
    ids.push(await uploadFile(calls, file, { ...sending, clientId, progress }));
    before += file.size;
  }
  return ids;
}

async function uploadFile(calls: ChannelCalls, file: Blob, sending: FilesToSend): Promise<string> {
  const { clientId, signal, progress, clock } = sending;
  const options = { signal, offline: 'queue' } as const;
  const { size } = file;
  const { name = 'file' } = file as { name?: string };
  for (let failures = 0; ; failures++) {
    try {
      const upload = await calls.beginUpload(create(ChatBeginUpload, { clientId, name, size }), options);
      const { id, offset } = upload;
      const chunks = chunksOf(file, upload, progress);
      return (await calls.upload(create(ChatUploadFrom, { id, offset }), chunks, options)).attachment.id;
    } catch (failure) {
      const error = codedError(failure);
      if (signal.aborted || !isPassing(error)) throw error;
      await new Promise<void>((resolve) => clock.after(retryMs(failures, error), resolve));
    }
  }
}

async function* chunksOf(
  file: Blob,
  { offset, chunkBytes }: ChatUpload,
  progress: (sent: number) => void,
): AsyncGenerator<ChatChunk> {
  for (let at = offset; at < file.size; at += chunkBytes) {
    progress(at);
    yield create(ChatChunk, { bytes: new Uint8Array(await file.slice(at, at + chunkBytes).arrayBuffer()) });
  }
  progress(file.size);
}
