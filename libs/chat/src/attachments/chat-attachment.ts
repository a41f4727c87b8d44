import type { Selectable } from 'kysely';
import type { AttachmentsTable } from '../database/chat-tables.js';
import { UNKNOWN_TYPE } from './content-type.js';
import type { FileUrls } from './file-urls.js';

/** A file of a message. */
export interface ChatAttachment {
  readonly id: string;
  /** The name that the uploader gave, without what is not safe to show. */
  readonly name: string;
  /** The type that the content has; `application/octet-stream` when it is not known. */
  readonly contentType: string;
  /** The size in bytes. */
  readonly size: number;
  /** The signed address; it is valid for some hours, and each page has a new one. */
  readonly url: string;
  /** The size of an image in pixels, if it is known. */
  readonly width?: number;
  readonly height?: number;
  /** The signed address of a small picture of an image, with its size. */
  readonly previewUrl?: string;
  readonly previewWidth?: number;
  readonly previewHeight?: number;
}

/** The row of an upload or an attachment. */
export type AttachmentRow = Selectable<AttachmentsTable>;

/** Makes the attachment of the row of a complete upload. */
export function attachmentOf(row: AttachmentRow, urls: FileUrls): ChatAttachment {
  const { tenant, id, name, content_type, byte_size, width, height, preview_width, preview_height } = row;
  return {
    id,
    name,
    contentType: content_type ?? UNKNOWN_TYPE,
    size: byte_size,
    url: urls.urlOf({ tenant, id, isPreview: false }),
    ...(width !== null && height !== null && { width, height }),
    ...(preview_width !== null &&
      preview_height !== null && {
        previewUrl: urls.urlOf({ tenant, id, isPreview: true }),
        previewWidth: preview_width,
        previewHeight: preview_height,
      }),
  };
}
