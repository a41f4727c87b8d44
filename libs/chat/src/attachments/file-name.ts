const MAX_LENGTH = 200;
const MAX_EXTENSION = 20;
/** Control characters, and those that turn the direction of the text after them. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Surrogate}\u2028\u2029]/gu;
const RESERVED = /[<>:"|?*]/g;

/**
 * Returns a name that is safe to show and to save.
 *
 * It has no folder, no unseen characters, and at most 200 characters, of which the extension remains.
 */
export function safeFileName(name: string): string {
  const last = String(name).slice(-2_000).split(/[/\\]/).at(-1)!;
  const clean = last
    .normalize('NFC')
    .replace(UNSEEN, '')
    .replace(RESERVED, '_')
    .replace(/^[\s.]+|[\s.]+$/g, '');
  const dot = clean.lastIndexOf('.');
  const extension = dot > 0 && clean.length - dot <= MAX_EXTENSION ? clean.slice(dot) : '';
  const stem = clean.slice(0, clean.length - extension.length);
  const short = stem.slice(0, MAX_LENGTH - extension.length).replace(/[\uD800-\uDBFF]$/, '');
  return short + extension || 'file';
}
