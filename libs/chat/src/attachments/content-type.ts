/* oxlint-disable no-control-regex -- the first bytes of files are no text */
/** The type of content that nothing is known of. */
export const UNKNOWN_TYPE = 'application/octet-stream';
/** The bytes at the beginning of a file that tell its type. */
export const SNIFFED_BYTES = 4_096;

/** The types that a browser may show in a page; it saves files of all others. */
const SHOWN: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'video/mp4',
  'video/webm',
  'audio/mpeg',
  'audio/mp4',
  'audio/ogg',
  'audio/wav',
  'audio/flac',
]);

/** The first bytes of types, in Latin letters; a dot stands for any byte. */
const SIGNATURES: readonly (readonly [signature: RegExp, type: string])[] = [
  [/^\x89PNG\r\n\x1a\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[^]{4}WEBP/, 'image/webp'],
  [/^[^]{4}ftypavi[fs]/, 'image/avif'],
  [/^[^]{4}ftyp(heic|heix|mif1|msf1)/, 'image/heic'],
  [/^[^]{4}ftypM4A /, 'audio/mp4'],
  [/^[^]{4}ftypqt {2}/, 'video/quicktime'],
  [/^[^]{4}ftyp(isom|iso[2-9]|mp4[12]|avc1|M4V |MSNV|dash)/, 'video/mp4'],
  [/^\x1a\x45\xdf\xa3[^]{0,60}webm/, 'video/webm'],
  [/^\x1a\x45\xdf\xa3/, 'video/x-matroska'],
  [/^OggS/, 'audio/ogg'],
  [/^ID3|^\xff[\xfb\xf3\xf2]/, 'audio/mpeg'],
  [/^RIFF[^]{4}WAVE/, 'audio/wav'],
  [/^fLaC/, 'audio/flac'],
  [/^%PDF-/, 'application/pdf'],
  [/^PK(\x03\x04|\x05\x06)/, 'application/zip'],
  [/^\x1f\x8b/, 'application/gzip'],
];
const CONTROL = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;

/**
 * Tells the type of a file by its first bytes, never by its name.
 *
 * All text is `text/plain`: also HTML, SVG and scripts, so that no browser runs them.
 */
export function contentTypeOf(head: Uint8Array): string {
  const bytes = head.subarray(0, SNIFFED_BYTES);
  const letters = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const known = SIGNATURES.find(([signature]) => signature.test(letters));
  return known?.[1] ?? (isText(bytes) ? 'text/plain' : UNKNOWN_TYPE);
}

/** Tells whether a browser may show a type in a page. */
export function isShown(contentType: string): boolean {
  return SHOWN.has(contentType);
}

/** Tells whether a type is one of a list such as `image/*` and `application/pdf`. */
export function isPermitted(contentType: string, types: readonly string[]): boolean {
  return types.some((type) =>
    type.endsWith('/*') ? contentType.startsWith(type.slice(0, -1)) || type === '*/*' : type === contentType,
  );
}

/** The last character may be cut by the end of the bytes. */
function isText(bytes: Uint8Array): boolean {
  try {
    return !CONTROL.test(new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true }));
  } catch {
    return false;
  }
}
