/** A small picture of an image. */
export interface ChatPreview {
  readonly bytes: Uint8Array;
  readonly contentType: 'image/webp' | 'image/jpeg' | 'image/png';
  readonly width: number;
  readonly height: number;
  /** The size of the image itself, in the direction in which it is shown. */
  readonly imageWidth: number;
  readonly imageHeight: number;
}

/** Makes previews of images, off the event loop. */
export abstract class ChatPreviews {
  /**
   * Makes the preview of an image; undefined for one that it cannot or should not read.
   *
   * The image comes from a user: limit its pixels and the time.
   */
  abstract make(image: Uint8Array, contentType: string): Promise<ChatPreview | undefined>;
}
