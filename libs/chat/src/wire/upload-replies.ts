import { StreamMessage } from '@nestwire/protocol';
import type { ChatAttachment } from '../attachments/chat-attachment.js';

/** The place where an upload continues, in chunks up to `chunkBytes`. */
@StreamMessage('nestwire-chat.upload')
export class ChatUpload {
  declare readonly $type: 'nestwire-chat.upload';
  declare id: string;
  declare offset: number;
  declare chunkBytes: number;
}

/** A complete upload, ready for a message. */
@StreamMessage('nestwire-chat.uploaded')
export class ChatUploaded {
  declare readonly $type: 'nestwire-chat.uploaded';
  declare attachment: ChatAttachment;
}
