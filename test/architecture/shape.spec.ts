import { mkdirSync, writeFileSync } from 'node:fs';
import {
  booleanParameters,
  dumpFolders,
  hashNames,
  leftovers,
  longFiles,
  longFunctions,
  oddDirectives,
  undocumentedExports,
  wideFunctions,
} from './shape-laws.js';
import { foldersBelow, madeUp, readSources } from './source-file.js';

const REPORT_FOLDER = 'node_modules/.cache/nestwire';
const sources = readSources('libs', 'apps');
const lines = (count: number): string => Array.from({ length: count }, (_, at) => `  run(${at});`).join('\n');
const one = (text: string) => madeUp({ 'libs/x/src/a.ts': text });

describe('A file', () => {
  it('leaves no note for later', () => {
    expect(leftovers(sources)).toEqual([]);
    expect(leftovers(one('// TO' + 'DO: finish'))).toHaveLength(1);
  });

  it('hides members with the keyword private, except in the clients', () => {
    expect(hashNames(sources.filter(({ path }) => !path.endsWith('.spec.ts')))).toEqual([]);
    expect(hashNames(one('class A { #a = 1; }'))).toHaveLength(1);
  });

  it('gives a reason for each disabled rule of oxlint', () => {
    const off = 'lint-dis' + 'able-next-line no-console';

    expect(oddDirectives(readSources('libs', 'apps', 'test'))).toEqual([]);
    expect(oddDirectives(one(`// ox${off} -- a reason`))).toEqual([]);
    expect(oddDirectives(one(`// ox${off}\n// es${off} -- a reason`))).toHaveLength(2);
  });
});

describe('A function', () => {
  it('is not switched by a boolean', () => {
    expect(booleanParameters(sources)).toEqual([]);
    expect(booleanParameters(one('function f(isLoud: boolean) {}'))).toHaveLength(1);
  });
});

describe('The report of sizes', () => {
  it('lists long files, long functions and wide functions, and judges none', () => {
    expect(longFiles(one(lines(301)))).toHaveLength(1);
    expect(longFiles(one(lines(300)))).toEqual([]);
    expect(longFunctions(one(`function a() {\n${lines(39)}\n}`))).toHaveLength(1);
    expect(longFunctions(one(`const a = () => {\n${lines(38)}\n};`))).toEqual([]);
    expect(wideFunctions(one('function f(a, b, c, d) {}'))).toHaveLength(1);
    expect(wideFunctions(one('class A { constructor(readonly a: A, readonly b: B, c, d) {} }'))).toEqual([]);

    const report = [longFiles, longFunctions, wideFunctions].flatMap((find) => find(sources));
    mkdirSync(REPORT_FOLDER, { recursive: true });
    writeFileSync(`${REPORT_FOLDER}/sizes.txt`, report.join('\n'));
  });
});

describe('What is exported', () => {
  it('has a comment that begins with a short line', () => {
    expect(undocumentedExports(sources.filter((file) => file.path.startsWith('libs/')))).toEqual([]);
  });

  it.each([
    'export class A {}',
    'export const a = 1;',
    '// not a doc comment\nexport function a() {}',
    `/** ${'long '.repeat(20)}. */\nexport interface A {}`,
  ])('is caught as %j', (text) => {
    expect(undocumentedExports(one(text))).toHaveLength(1);
  });

  it('is content with one comment for all overloads', () => {
    const text =
      '/** Does it. */\nexport function a(x: 1): 1;\nexport function a(x: 2): 2;\nexport function a(x) { return x; }';

    expect(undocumentedExports(one(text))).toEqual([]);
  });
});

describe('A folder', () => {
  it('is named after a thing, not a kind of code', () => {
    expect(dumpFolders(foldersBelow('libs').concat(foldersBelow('apps')))).toEqual([]);
    expect(dumpFolders(['libs/x/src/utils', 'libs/x/src/session'])).toEqual(['libs/x/src/utils']);
  });
});
