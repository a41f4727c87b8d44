/** The part of `sharp` that tests need to make images. */
interface Image {
  jpeg(): Image;
  png(): Image;
  withMetadata(options: { readonly orientation: number }): Image;
  metadata(): Promise<{ readonly width: number; readonly height: number }>;
  toBuffer(): Promise<Buffer>;
}
type MakeImage = (input: Uint8Array | { readonly create: object }) => Image;

const sharp = await load();
if (!sharp) {
  const text = 'Skipped: `sharp` is not installed. Install it: npm ci';
  if (process.env.CI) throw new Error(text);
  console.warn(text);
}

/** `it` where `sharp` is installed, else `it.skip`. */
export const itWithSharp = sharp ? it : it.skip;

/** Makes an image of one color. */
export function imageOf(width: number, height: number): Image {
  return sharp!({ create: { width, height, channels: 3, background: 'teal' } });
}

/** Reads the size of an image. */
export function sizeOf(bytes: Uint8Array): Promise<{ readonly width: number; readonly height: number }> {
  return sharp!(bytes).metadata();
}

async function load(): Promise<MakeImage | undefined> {
  const name: string = 'sharp';
  try {
    return ((await import(name)) as { readonly default: MakeImage }).default;
  } catch {
    return undefined;
  }
}
