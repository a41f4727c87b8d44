import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CloseCode } from '@nestwire/protocol';
import { blocksOf } from './page.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
const errors = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');

/** Texts in capitals of other programs. */
const FOREIGN = new Set('NODE_ENV EADDRINUSE ERESOLVE OOM READONLY NOREPLICAS NOPERM SIGTERM'.split(' '));

/** The sources of the libraries, with the pieces of each text joined. */
const sources = readdirSync(join(ROOT, 'libs'))
  .flatMap((name) =>
    readdirSync(join(ROOT, 'libs', name, 'src'), { recursive: true, encoding: 'utf8' }).map((path) =>
      join(ROOT, 'libs', name, 'src', path),
    ),
  )
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
  .map((path) => readFileSync(path, 'utf8').replace(/['`] \+\n\s*['`]/g, ''))
  .join('\n');

function missingTexts(text: string): string[] {
  return blocksOf(text)
    .filter(({ language }) => language === '')
    .flatMap(({ code }) => code.split(/\n|…/))
    .map((part) => part.trim())
    .filter((part) => part && !sources.includes(part));
}

function unknownCodes(text: string): string[] {
  const codes = [...text.matchAll(/`([A-Z][A-Z_]{2,})`|^### ([A-Z][A-Z_]{2,})\b/gm)].map(
    ([, quoted, heading]) => quoted ?? heading!,
  );
  return codes.filter((code) => !FOREIGN.has(code) && !errors.includes(`| \`${code}\` |`));
}

describe('docs/troubleshooting.md', () => {
  it('prints texts of the sources', () => {
    expect(blocksOf(page).filter(({ language }) => language === '').length).toBeGreaterThan(5);
    expect(missingTexts(page)).toEqual([]);
  });

  it('names codes of errors that exist', () => {
    expect(unknownCodes(page)).toEqual([]);
  });

  it('names close codes that exist', () => {
    const known = new Set<number>(Object.values(CloseCode).filter((code) => typeof code === 'number'));
    const named = [...page.matchAll(/\b(4[05]\d\d)\b/g)].map(([, code]) => Number(code));

    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((code) => !known.has(code))).toEqual([]);
  });

  it('is checked by tests that notice a wrong text and a wrong code', () => {
    expect(missingTexts('```\nno source has this text\n```\n')).toEqual(['no source has this text']);
    expect(unknownCodes('`NO_SUCH_CODE`\n### ALSO_NONE here')).toEqual(['NO_SUCH_CODE', 'ALSO_NONE']);
  });
});
