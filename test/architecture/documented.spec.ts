import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  codelessErrors,
  configurableOptions,
  errorCodes,
  explainedCodes,
  explainedOptions,
  unusedCodes,
} from './documented.js';
import { ROOT, madeUp, readSources } from './source-file.js';

const sources = readSources('libs');

function page(name: string): string {
  const path = join(ROOT, 'docs', name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

describe('Every error code', () => {
  it('has its line in docs/errors.md or docs/chat/errors.md, and every line there its code', () => {
    const explained = ['errors.md', 'chat/errors.md'].flatMap((name) => explainedCodes(page(name)));

    expect(explained.toSorted()).toEqual(errorCodes(sources));
  });

  it('is used', () => {
    const code = `export const XErrorCode = { Bad: 'BAD_X', Good: 'GOOD_X' } as const; throw new XError(XErrorCode.Bad);`;

    expect(unusedCodes(sources)).toEqual([]);
    expect(unusedCodes(madeUp({ 'libs/x/src/a.ts': code }))).toEqual(['GOOD_X']);
  });

  it('belongs to every class of errors', () => {
    const [without, has] = [
      'class A extends Error {}',
      'class A extends Error { constructor(readonly code: string) {} }',
    ];

    expect(codelessErrors(sources)).toEqual([]);
    expect(codelessErrors(madeUp({ 'libs/x/src/a.ts': without! }))).toEqual(['libs/x/src/a.ts:1 A']);
    expect(codelessErrors(madeUp({ 'libs/x/src/a.ts': has! }))).toEqual([]);
  });

  it('is found where errors are made', () => {
    const code = `
      export const XErrorCode = { Bad: 'BAD_X' } as const;
      export class XError extends Error { readonly code = 'WORSE_X'; }
      throw new CodedError('WORST_X', 'NOT_THIS');
      const reply = { code: 'REPLY_X', message: 'NEITHER_THIS' };`;

    expect(errorCodes(madeUp({ 'libs/x/src/a.ts': code }))).toEqual([
      'BAD_X',
      'REPLY_X',
      'WORSE_X',
      'WORST_X',
    ]);
    expect(explainedCodes('| `BAD_X` | it is bad |\n`WORSE_X` is not in a table')).toEqual(['BAD_X']);
  });
});

describe('Every option', () => {
  it('has its line and its default in docs/configuration.md or docs/chat/options.md', () => {
    const explained = new Set(
      ['configuration.md', 'chat/options.md'].flatMap((name) => explainedOptions(page(name))),
    );

    expect(configurableOptions(sources).filter((name) => !explained.has(name.split('.')[1]!))).toEqual([]);
  });

  it('is found in interfaces of options', () => {
    const options = `
      export interface StreamsOptions { readonly path?: string }
      export interface SendOptions { readonly timeoutMs?: number }
      interface OwnOptions { readonly hidden?: string }`;

    expect(configurableOptions(madeUp({ 'libs/streams/src/a.ts': options }))).toEqual([
      'StreamsOptions.path',
    ]);
    expect(explainedOptions('| `path` | `/streams` | where |\n| `empty` | | nothing |')).toEqual(['path']);
  });
});
