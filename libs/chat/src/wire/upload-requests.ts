import { StreamMessage } from '@nestwire/protocol';

/** Begins an upload; with the client id of an earlier one, asks where it continues. */
@StreamMessage('nestwire-chat.begin-upload')
export class ChatBeginUpload {
  declare readonly $type: 'nestwire-chat.begin-upload';
  declare clientId: string;
  declare name: string;
  /** The size of the file in bytes. */
  declare size: number;
}

/** Begins to send the bytes of an upload from an offset on; chunks follow as items. */
@StreamMessage('nestwire-chat.upload-from')
export class ChatUploadFrom {
  declare readonly $type: 'nestwire-chat.upload-from';
  declare id: string;
  declare offset: number;
}

/** Carries some bytes of an upload, at most `chunkBytes` of its state. */
@StreamMessage('nestwire-chat.chunk')
export class ChatChunk {
  declare readonly $type: 'nestwire-chat.chunk';
  declare bytes: Uint8Array;
}

/** Gives up an upload that no message has. */
@StreamMessage('nestwire-chat.cancel-upload')
export class ChatCancelUpload {
  declare readonly $type: 'nestwire-chat.cancel-upload';
  declare id: string;
}
