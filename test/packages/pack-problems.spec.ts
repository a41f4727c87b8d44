import { packProblems } from './pack-problems.mjs';

const exports = { '.': { types: './dist/index.d.ts', default: './dist/index.js' } };
const publishConfig = { access: 'public', provenance: true };
const whole = ['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json', 'dist/index.js', 'dist/index.d.ts'];
const mapped = [...whole, 'dist/index.d.ts.map', 'src/index.ts'];
const readMap = (): string => JSON.stringify({ sources: ['../src/index.ts'] });

const problemsOf = (files: readonly string[], manifest = { exports, publishConfig }): string[] =>
  packProblems({ files, manifest }, readMap);

describe('The check of a packed library', () => {
  it('accepts one that is whole', () => {
    expect(problemsOf(mapped)).toEqual([]);
  });

  it.each(['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/index.js', 'dist/index.d.ts'])(
    'misses %s',
    (missing) => {
      expect(problemsOf(mapped.filter((file) => file !== missing))).toEqual([`holds no ${missing}`]);
    },
  );

  it.each(['src/a.spec.ts', 'dist/a.spec.js', 'dist/tsconfig.tsbuildinfo', 'spec/rig.ts'])(
    'finds %s',
    (stray) => {
      expect(problemsOf([...mapped, stray])).toEqual([`holds ${stray}`]);
    },
  );

  it('finds a map to a source that is not packed', () => {
    expect(problemsOf(mapped.filter((file) => file !== 'src/index.ts'))).toEqual([
      'dist/index.d.ts.map maps to src/index.ts, not packed',
    ]);
  });

  it('finds a library that would be published without provenance', () => {
    expect(problemsOf(mapped, { exports, publishConfig: { ...publishConfig, provenance: false } })).toEqual([
      'is published without provenance',
    ]);
  });
});
