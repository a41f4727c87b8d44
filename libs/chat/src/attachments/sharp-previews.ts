import { ChatPreviews, type ChatPreview } from './previews.js';

/** The part of `sharp` that previews need; the application may not have its types. */
interface Sharp {
  metadata(): Promise<{ readonly autoOrient: { readonly width: number; readonly height: number } }>;
  timeout(options: { readonly seconds: number }): Sharp;
  autoOrient(): Sharp;
  resize(options: object): Sharp;
  webp(options: object): Sharp;
  toBuffer(options: { readonly resolveWithObject: true }): Promise<{
    readonly data: Uint8Array;
    readonly info: { readonly width: number; readonly height: number };
  }>;
}
type MakeSharp = (input: Uint8Array, options: object) => Sharp;

const PACKAGE: string = 'sharp';

const EDGE = 640;
const MAX_PIXELS = 50_000_000;
const TIMEOUT_S = 10;
/** The images that are read at once; each has threads of its own. */
const AT_ONCE = 2;
/** The images that wait; one more gets no preview. */
const MAX_WAITING = 50;
/** The formats that are read; libvips knows more, such as SVG and PDF, which are not for content of users. */
const READ: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
]);

/** Makes previews with `sharp`, which works in threads of its own. */
export class SharpPreviews extends ChatPreviews {
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  private constructor(private readonly sharp: MakeSharp) {
    super();
  }

  /** Loads `sharp`; undefined when it is not installed. */
  static async load(): Promise<SharpPreviews | undefined> {
    try {
      return new SharpPreviews(((await import(PACKAGE)) as { readonly default: MakeSharp }).default);
    } catch {
      return undefined;
    }
  }

  async make(image: Uint8Array, contentType: string): Promise<ChatPreview | undefined> {
    if (!READ.has(contentType) || this.waiting.length >= MAX_WAITING) return undefined;
    if (this.running >= AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await this.resize(image);
    } catch {
      // A broken or too large image has no preview; the file itself remains.
      return undefined;
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  private async resize(image: Uint8Array): Promise<ChatPreview> {
    const input = this.sharp(image, { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true });
    const { autoOrient } = await input.metadata();
    const { data, info } = await input
      .timeout({ seconds: TIMEOUT_S })
      .autoOrient()
      .resize({ width: EDGE, height: EDGE, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 75 })
      .toBuffer({ resolveWithObject: true });
    return {
      bytes: data,
      contentType: 'image/webp',
      width: info.width,
      height: info.height,
      imageWidth: autoOrient.width,
      imageHeight: autoOrient.height,
    };
  }
}
