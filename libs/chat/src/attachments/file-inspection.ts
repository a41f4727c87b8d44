import type { ChatAttachmentSettings } from './attachment.options.js';
import type { AttachmentRow } from './chat-attachment.js';
import { contentTypeOf, isPermitted } from './content-type.js';
import type { ChatFileStorage } from './file-storage.js';
import { IMAGE_HEAD_BYTES, imageSizeOf } from './image-size.js';
import type { ChatPreviews } from './previews.js';

/** The facts about a file that its content tells. */
export interface FileFacts {
  readonly content_type: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly preview_type: string | null;
  readonly preview_width: number | null;
  readonly preview_height: number | null;
}

/** The largest image of which a preview is made, in bytes: it is in memory as a whole. */
const MAX_PREVIEWED = 33_554_432;

/** Looks into complete files: their type, the size of images, and previews. */
export class FileInspection {
  constructor(
    private readonly storage: ChatFileStorage,
    private readonly settings: ChatAttachmentSettings,
    private readonly previews: ChatPreviews | undefined,
  ) {}

  /** Tells whether the options permit a type. */
  allows(contentType: string): boolean {
    return isPermitted(contentType, this.settings.types);
  }

  /** Reads the facts about a file, and stores its preview. */
  async inspect({ id, byte_size }: AttachmentRow): Promise<FileFacts> {
    const head = await this.bytesOf(id, Math.min(byte_size, IMAGE_HEAD_BYTES));
    const content_type = contentTypeOf(head);
    const size = imageSizeOf(content_type, head);
    const preview = this.allows(content_type)
      ? await this.preview(id, { content_type, byte_size })
      : undefined;
    return {
      content_type,
      width: preview?.imageWidth ?? size?.width ?? null,
      height: preview?.imageHeight ?? size?.height ?? null,
      preview_type: preview?.contentType ?? null,
      preview_width: preview?.width ?? null,
      preview_height: preview?.height ?? null,
    };
  }

  private async preview(
    id: string,
    { content_type, byte_size }: { readonly content_type: string; readonly byte_size: number },
  ) {
    if (!this.previews || !content_type.startsWith('image/') || byte_size > MAX_PREVIEWED) return undefined;
    const preview = await this.previews.make(await this.bytesOf(id, byte_size), content_type);
    if (!preview) return undefined;
    await this.storage.write(previewKey(id), 0, preview.bytes);
    await this.storage.complete(previewKey(id), preview.bytes.length);
    return preview;
  }

  private async bytesOf(key: string, count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of this.storage.read(key, { start: 0, end: count - 1 })) parts.push(part);
    return Buffer.concat(parts);
  }
}

/** Returns the key of the preview of a file. */
export function previewKey(id: string): string {
  return `${id}.preview`;
}
