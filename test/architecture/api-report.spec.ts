import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPORTS, apiReport, entryPoints, readFromDisk } from './api-report.js';
import { madeUp } from './source-file.js';

const entries = entryPoints();

if (process.env.NESTWIRE_API_REPORT === 'renew') {
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS);
  for (const { report, source } of entries)
    writeFileSync(join(REPORTS, report), apiReport(source, readFromDisk));
}

describe('The committed API report', () => {
  // After a wanted change: `npm run api:report`, and commit the difference.
  it.each(entries)('$report lists the exports of $source', ({ report, source }) => {
    const path = join(REPORTS, report);

    expect(existsSync(path) ? readFileSync(path, 'utf8') : '').toBe(apiReport(source, readFromDisk));
  });

  it('has one file for each entry point and no other', () => {
    expect(readdirSync(REPORTS).sort()).toEqual(entries.map(({ report }) => report).sort());
  });
});

describe('An API report', () => {
  const files = madeUp({
    'libs/x/src/index.ts': `
      export { b, type Merged, old as renamed } from './b.js';
      export type { Far } from 'elsewhere';
      import { C } from './b.js';
      export { C };
      export function z(): void {}`,
    'libs/x/src/b.ts': `
      export const b = 1, { d } = o;
      export const Merged = {}; export type Merged = string;
      export interface old {}
      export class C {}
      export enum Hidden {}`,
  });
  const report = (text?: string): string => {
    const changed = text === undefined ? [] : madeUp({ 'libs/x/src/index.ts': text });
    return apiReport('libs/x/src/index.ts', (path) =>
      [...changed, ...files].find((file) => file.path === path),
    );
  };

  it('follows each name to its declaration', () => {
    expect(report()).toBe(
      'C: class\nFar: of elsewhere\nMerged: const + type\nb: const\nrenamed: interface\nz: function\n',
    );
  });

  it('differs when a name is added, removed or of another kind', () => {
    const text = `export { b } from './b.js';`;

    expect(report(text)).toBe('b: const\n');
    expect(report(text.replace('b }', 'b, d }'))).not.toBe(report(text));
    expect(report(text.replace('{ b }', '{ C as b }'))).toBe('b: class\n');
  });

  it('refuses a name that is declared nowhere', () => {
    expect(() => report(`export { missing } from './b.js';`)).toThrow('exports missing');
  });
});
