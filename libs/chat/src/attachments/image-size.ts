/** The size of an image in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** The bytes at the beginning of an image that tell its size. */
export const IMAGE_HEAD_BYTES = 262_144;
const JPEG_TURNS: ReadonlySet<number> = new Set([5, 6, 7, 8]);
const MAX_SEGMENTS = 100;

/**
 * Reads the size of an image from its first bytes.
 *
 * It knows PNG, GIF, WebP and JPEG; the result is undefined for others and broken ones.
 */
export function imageSizeOf(contentType: string, head: Uint8Array): ImageSize | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  try {
    const size = READERS[contentType]?.(view);
    return size && size.width > 0 && size.height > 0 ? size : undefined;
  } catch {
    // The image ends before its size.
    return undefined;
  }
}

const READERS: Readonly<Record<string, (view: DataView) => ImageSize | undefined>> = {
  'image/png': (view) => ({ width: view.getUint32(16), height: view.getUint32(20) }),
  'image/gif': (view) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) }),
  'image/webp': webpSize,
  'image/jpeg': jpegSize,
};

function webpSize(view: DataView): ImageSize | undefined {
  const kind = String.fromCharCode(view.getUint8(15));
  if (kind === ' ')
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (kind === 'L') {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
  }
  if (kind === 'X') return { width: threeBytes(view, 24) + 1, height: threeBytes(view, 27) + 1 };
  return undefined;
}

function threeBytes(view: DataView, at: number): number {
  return view.getUint16(at, true) + view.getUint8(at + 2) * 0x1_0000;
}

/** Walks through the segments to the frame, which has the size, and past the Exif data, which may turn it. */
function jpegSize(view: DataView): ImageSize | undefined {
  let isTurned = false;
  for (let at = 2, count = 0; count < MAX_SEGMENTS; count++) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (isFrame(marker)) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return isTurned ? { width: height, height: width } : { width, height };
    }
    if (marker === 0xe1) isTurned ||= JPEG_TURNS.has(orientationOf(view, at + 4));
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Reads the orientation in Exif data; 1, not turned, without one. */
function orientationOf(view: DataView, at: number): number {
  if (view.getUint32(at) !== 0x45786966) return 1;
  const tiff = at + 6;
  const isLittle = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, isLittle);
  const count = Math.min(view.getUint16(directory, isLittle), MAX_SEGMENTS);
  for (let entry = directory + 2; entry < directory + 2 + count * 12; entry += 12)
    if (view.getUint16(entry, isLittle) === 0x0112) return view.getUint16(entry + 8, isLittle);
  return 1;
}
