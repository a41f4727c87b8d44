import { StreamMessage } from '@nestwire/protocol';
import { IsInstance, IsInt, IsString, Matches, MaxLength, Min } from './field-rules.js';
import type { ChatAttachment } from '../attachments/chat-attachment.js';

const ID = /^[A-Za-z0-9_.-]{1,64}$/;

/** Begins an upload; with the client id of an earlier one, asks where it continues. */
@StreamMessage('nestwire-chat.begin-upload')
export class ChatBeginUpload {
  declare readonly $type: 'nestwire-chat.begin-upload';
  @Matches(ID) clientId!: string;
  @IsString() @MaxLength(1_000) name!: string;
  /** The size of the file in bytes. */
  @IsInt() @Min(1) size!: number;
}

/** Begins to send the bytes of an upload from an offset on; chunks follow as items. */
@StreamMessage('nestwire-chat.upload-from')
export class ChatUploadFrom {
  declare readonly $type: 'nestwire-chat.upload-from';
  @Matches(ID) id!: string;
  @IsInt() @Min(0) offset!: number;
}

/** Carries some bytes of an upload, at most `chunkBytes` of its state. */
@StreamMessage('nestwire-chat.chunk')
export class ChatChunk {
  declare readonly $type: 'nestwire-chat.chunk';
  @IsInstance(Uint8Array) bytes!: Uint8Array;
}

/** Gives up an upload that no message has. */
@StreamMessage('nestwire-chat.cancel-upload')
export class ChatCancelUpload {
  declare readonly $type: 'nestwire-chat.cancel-upload';
  @Matches(ID) id!: string;
}

/** The place where an upload continues, in chunks up to `chunkBytes`. */
@StreamMessage('nestwire-chat.upload')
export class ChatUpload {
  declare readonly $type: 'nestwire-chat.upload';
  id!: string;
  offset!: number;
  chunkBytes!: number;
}

/** A complete upload, ready for a message. */
@StreamMessage('nestwire-chat.uploaded')
export class ChatUploaded {
  declare readonly $type: 'nestwire-chat.uploaded';
  attachment!: ChatAttachment;
}
