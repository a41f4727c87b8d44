import { Logger } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import type { ChannelGate } from '../channels/channel-gate.js';
import { demandPosting } from '../channels/posting-right.js';
import { demandStored } from '../channels/stored-messages.js';
import type { ChatDatabase, Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChangeRate } from '../limits/change-rate.js';
import { checkId, exceeded, invalid } from '../limits/checks.js';
import type { ChatWork } from '../outbox/chat-work.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';
import { removeOrphans } from './attachment-cleanup.js';
import { begunUpload, demandQuota, storeUpload, updateUpload, uploadAt } from './attachment-rows.js';
import { attachmentOf, type AttachmentRow, type ChatAttachment } from './chat-attachment.js';
import type { ChatFiles } from './chat-files.js';
import { safeFileName } from './file-name.js';
import { SliceWriter } from './slice-writer.js';

/** The largest chunk of an upload, in bytes: its text fits into a frame. */
export const CHUNK_BYTES = 32_768;
/** The slices after which the progress is stored, so that a database gets few writes. */
const SLICES = 4;

/** A file to upload. */
export interface NewUpload {
  readonly channelId: string;
  readonly name: string;
  /** The size in bytes. */
  readonly size: number;
  /** The id that the uploader's client gave to the file; a repetition returns the same upload. */
  readonly clientId: string;
}

/** An upload that has begun. */
export interface UploadState {
  readonly id: string;
  /** The bytes that the server has; the upload continues there. */
  readonly offset: number;
  /** The largest chunk, in bytes. */
  readonly chunkBytes: number;
}

/** The place of an upload. */
export interface UploadPlace {
  readonly channelId: string;
  readonly id: string;
}

/** The parts that uploads need. */
export interface AttachmentParts {
  readonly database: ChatDatabase;
  readonly work: ChatWork;
  readonly gate: ChannelGate;
  readonly rate: ChangeRate;
  readonly files: ChatFiles;
}

/** Receives files for messages. */
export class ChatAttachments {
  private readonly logger = new Logger('Chat');
  /** The upload calls that run here, by the id of the upload; a newer call ends the older one. */
  private readonly running = new Map<string, object>();

  constructor(private readonly parts: AttachmentParts) {}

  /**
   * Begins an upload, or returns the state of the one with this client id.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY as for a post; CHAT_INVALID, CHAT_RATE_LIMITED
   * @throws {ChatError} CHAT_LIMIT_EXCEEDED for a file that is too large, and above the quota of the user
   */
  async begin(actor: ChatActor, upload: NewUpload): Promise<UploadState> {
    const userId = userIdOf(actor);
    const { database, work, gate, rate } = this.parts;
    const { channelId, size } = upload;
    const { settings } = this.parts.files;
    const { maxBytes } = settings;
    checkId('The client id', upload.clientId);
    if (!Number.isSafeInteger(size) || size < 1)
      throw invalid('The size of a file is a whole number of bytes from 1 on');
    if (size > maxBytes) throw exceeded(`A file has at most ${maxBytes} bytes; this one has ${size}`);
    const key = { tenant: actor.tenant, channelId, userId, clientId: upload.clientId };
    const known = await work.read((queries) => begunUpload(queries, key));
    if (known) return stateOf(known, size);
    await rate.spend(actor);
    return database.transaction(async (queries) => {
      const open = await gate.look(queries, actor, channelId);
      await demandPosting(queries, gate, open);
      await gate.demand(open, 'message.attach');
      demandStored(open.channel, 'An attachment');
      await demandQuota(
        queries,
        { kind: database.kind, tenant: actor.tenant, userId },
        { ...settings, size },
      );
      const file = { id: newId(), name: safeFileName(upload.name), byte_size: size };
      const begun = await begunUpload(queries, key);
      return stateOf(begun ?? (await storeUpload(queries, { ...key, ...file })), size);
    });
  }

  /**
   * Receives the bytes of an upload from an offset on, and returns the attachment when all have come.
   *
   * When the chunks end or fail before that, the upload continues later. A second call ends the first one.
   *
   * @throws {ChatError} CHAT_NOT_FOUND when it is no upload of the actor in this channel
   * @throws {ChatError} CHAT_INVALID for the offset, a chunk, a type that is not permitted, and when bytes are missing
   * @throws {ChatError} CHAT_LIMIT_EXCEEDED when more bytes come than the size; CHAT_UNAVAILABLE when the storage fails
   */
  async receive(
    actor: ChatActor,
    place: UploadPlace & { readonly offset: number },
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<ChatAttachment> {
    const { work, files } = this.parts;
    const { urls, storage } = files;
    const row = await work.read((queries) => ownUpload(queries, actor, place));
    if (row.completed_at !== null) return attachmentOf(row, urls);
    const { offset } = place;
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > row.received_size)
      throw invalid(`The upload continues at the offset ${row.received_size}`);
    const writer = new SliceWriter(storage, { key: row.id, size: row.byte_size }, offset);
    await this.take(row, writer, chunks);
    if (writer.offset < row.byte_size)
      throw invalid(`The upload has ${writer.offset} of ${row.byte_size} bytes; it continues there`);
    return this.complete(row);
  }

  /**
   * Uploads a file of the server as a whole.
   *
   * @throws {ChatError} as `begin` and `receive`
   */
  async upload(
    actor: ChatActor,
    file: Omit<NewUpload, 'size' | 'clientId'> & { readonly clientId?: string; readonly bytes: Uint8Array },
  ): Promise<ChatAttachment> {
    const { channelId, name, bytes, clientId = newId() } = file;
    const { id, offset } = await this.begin(actor, { channelId, name, size: bytes.length, clientId });
    return this.receive(actor, { channelId, id, offset }, chunksOf(bytes.subarray(offset)));
  }

  /** Gives up an upload that no message has; none remains none. @throws {ChatError} CHAT_INVALID for one in a message */
  async cancel(actor: ChatActor, place: UploadPlace): Promise<void> {
    this.running.delete(place.id);
    await this.parts.database.transaction(async (queries) => {
      const row = await ownUpload(queries, actor, place).catch(() => undefined);
      if (row && row.seq !== null) throw invalid('A message has this file; edit or delete the message');
      if (row) await updateUpload(queries, row).set({ orphaned_at: Date.now(), client_id: null }).execute();
    });
  }

  /**
   * Deletes the files that nothing needs: of removed messages, and of uploads that no message has after a day.
   *
   * The relay calls it every hour. Returns the number of deleted files.
   */
  removeOrphans(nowMs: number = Date.now()): Promise<number> {
    return removeOrphans(this.parts.database, this.parts.files.storage, nowMs);
  }

  private async take(
    row: AttachmentRow,
    writer: SliceWriter,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const call = {};
    this.running.set(row.id, call);
    let slices = 0;
    try {
      for await (const chunk of chunks) {
        checkChunk(chunk);
        if (this.running.get(row.id) !== call)
          throw invalid('The upload was cancelled, or continues with another call');
        if (await this.stored(writer.add(chunk))) slices += 1;
        if (slices === SLICES) await this.keepProgress(row, writer.offset);
        slices %= SLICES;
      }
      await this.stored(writer.flush());
    } finally {
      if (this.running.get(row.id) === call) this.running.delete(row.id);
      await this.keepProgress(row, writer.offset);
    }
  }

  private async keepProgress(row: AttachmentRow, offset: number): Promise<void> {
    await this.parts.database.transaction((queries) =>
      updateUpload(queries, row).set({ received_size: offset }).where('received_size', '<', offset).execute(),
    );
  }

  private async complete(row: AttachmentRow): Promise<ChatAttachment> {
    const { database, files } = this.parts;
    const { storage, inspection, urls } = files;
    await this.stored(storage.complete(row.id, row.byte_size));
    const facts = await this.stored(inspection.inspect(row));
    const isAllowed = inspection.allows(facts.content_type);
    const stored = await database.transaction(async (queries) => {
      const changes = isAllowed
        ? { ...facts, completed_at: Date.now(), received_size: row.byte_size }
        : { orphaned_at: Date.now(), client_id: null };
      await updateUpload(queries, row).set(changes).where('completed_at', 'is', null).execute();
      return uploadAt(queries, row);
    });
    if (!isAllowed) throw invalid(`Files of the type ${facts.content_type} are not permitted`);
    if (!stored || stored.orphaned_at !== null || stored.completed_at === null) throw noUpload();
    return attachmentOf(stored, urls);
  }

  /** Reports a failure of the storage as one that passes. */
  private async stored<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof ChatError) throw error;
      this.logger.error(`The storage of files failed: ${String(error)}`);
      throw new ChatError(ChatErrorCode.Unavailable, 'The storage of files failed. Try again.', {
        cause: error,
        retryAfterMs: 1_000,
      });
    }
  }
}

async function ownUpload(
  queries: Queries,
  { tenant, userId }: ChatActor,
  { channelId, id }: UploadPlace,
): Promise<AttachmentRow> {
  const row = await uploadAt(queries, { tenant, id });
  const isOwn = row?.channel_id === channelId && row.uploader_id === userId && userId !== null;
  if (!row || !isOwn || row.orphaned_at !== null) throw noUpload();
  return row;
}

function stateOf({ id, byte_size, received_size }: AttachmentRow, size: number): UploadState {
  if (byte_size !== size) throw invalid(`The upload with this client id has ${byte_size} bytes, not ${size}`);
  return { id, offset: received_size, chunkBytes: CHUNK_BYTES };
}

function checkChunk(chunk: unknown): void {
  const isChunk = chunk instanceof Uint8Array && chunk.length > 0 && chunk.length <= CHUNK_BYTES;
  if (!isChunk) throw invalid(`A chunk has 1 to ${CHUNK_BYTES} bytes`);
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
    yield await Promise.resolve(bytes.subarray(at, at + CHUNK_BYTES));
}

function newId(): string {
  return randomBytes(16).toString('base64url');
}

function noUpload(): ChatError {
  return new ChatError(ChatErrorCode.NotFound, 'There is no such upload, or it was given up.');
}
