import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { MessageClass } from '@nestwire/protocol';
import { decodeMessage } from '@nestwire/protocol/internal';
import * as classValidator from 'class-validator';
import { build, type BuildOptions } from 'esbuild';
import {
  CONSTRAINTS,
  nameable,
  OTHER_EXPORTS,
  shapes,
  type Shape,
  type Step,
} from '../../../../test/rig/compiled/shapes.js';
import { decoderOf } from '../../../protocol/src/compiled/message-decoder.js';
import { writeProperties } from '../../../protocol/src/compiled/message-encoder.js';
import { declaredClassOf } from '../endpoint/endpoint-metadata.js';
import { FastPathChecks } from './fast-path-checks.js';
import { validatedProperties } from './message-metadata.js';
import { MessageReaders } from './message-reader.js';
import '../../../../test/rig/message-libraries.js';

const readers = new MessageReaders(declaredClassOf as never);
for (const cls of nameable) readers.of(cls);
const checks = new FastPathChecks(declaredClassOf as never);

/** Returns true when a step takes the compiled path for valid data. */
const IS_COMPILED: Readonly<Record<Step, (shape: Shape, data: object) => boolean>> = {
  decode: ({ cls }, data) => decoderOf(cls as never)(data) !== undefined,
  check: ({ cls }, data) => checks.of(cls as never)?.(decodeMessage(cls, data)) ?? false,
  encode: ({ cls }, data) => writeProperties(decodeMessage(cls, data)) !== undefined,
};

const STEPS = Object.keys(IS_COMPILED) as Step[];
const withProperties = shapes.filter(({ cls }) => validatedProperties(cls as never).length > 0);

describe('The shapes of the fuzz', () => {
  it('are many, most of them ordinary', () => {
    expect(shapes.length).toBeGreaterThanOrEqual(150);
    expect(shapes.filter(({ leaves }) => !leaves.length).length).toBeGreaterThan(shapes.length / 2);
  });

  it('have each decorator of class-validator and of this library', () => {
    const exported = Object.entries(classValidator)
      .filter(([name, value]) => /^[A-Z]/.test(name) && typeof value === 'function')
      .map(([name]) => name);
    const known = [...CONSTRAINTS.keys(), ...OTHER_EXPORTS];
    expect(exported.filter((name) => !known.includes(name))).toEqual([]);
    const own = ['IsBigInt', 'MaxBigInt', 'MinBigInt'];
    expect([...CONSTRAINTS.keys()].filter((name) => !exported.includes(name))).toEqual(own);
  });

  it('accept what they are made for', async () => {
    const refused: unknown[][] = [];
    for (const { cls, accepts } of shapes)
      for (const data of accepts)
        await read(cls, data).catch((error: unknown) => refused.push([cls.name, data, String(error)]));
    // Instances of the first have no class; class-validator fails at a property of the second.
    expect(refused.filter(([name]) => name !== 'Substituted' && name !== 'Reserved')).toEqual([]);
  });
});

describe('The compiled path', () => {
  it.each(STEPS)(
    'is taken to %s all that ordinary classes accept, and is left where that is known',
    (step) => {
      const wrong = withProperties.filter((shape) => {
        const isLeft = shape.accepts.some((data) => !IS_COMPILED[step](shape, structured(data)));
        return isLeft !== shape.leaves.includes(step);
      });
      expect(wrong.map(({ cls }) => cls.name)).toEqual([]);
    },
  );
});

/** A message with a method "then" must not be awaited. */
async function read(cls: MessageClass, data: object): Promise<void> {
  const message = readers.of(cls)(structured(data));
  if (message instanceof Promise) await message;
}

/** Decoded data with objects of this realm. */
function structured(data: object): object {
  return JSON.parse(JSON.stringify(data)) as object;
}

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const FOLDER = `${ROOT}node_modules/.cache/nestwire/compiled`;
const RUNS = 400;

interface Told {
  readonly differences: readonly string[];
  readonly accepted: number;
  readonly refused: number;
  readonly classes: Readonly<Record<'decoded' | 'checked' | 'encoded', number>>;
}

/** Runs the fuzz in its own process. */
async function fuzzApart(name: string, options: BuildOptions, flags: readonly string[] = []): Promise<Told> {
  mkdirSync(FOLDER, { recursive: true });
  const outfile = `${FOLDER}/${name}.mjs`;
  await build({
    entryPoints: [`${ROOT}test/rig/compiled/child-fuzz.ts`],
    tsconfig: `${ROOT}tsconfig.json`,
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
    ...options,
  });
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, outfile, String(RUNS)]);
  return JSON.parse(stdout) as Told;
}

const LIBRARIES = ['class-transformer', 'class-validator', 'fast-check', 'reflect-metadata', '@nestjs/*'];

describe('A process', () => {
  it('compiles all three steps', async () => {
    const { differences, classes, accepted, refused } = await fuzzApart('ordinary', { external: LIBRARIES });

    expect(differences).toEqual([]);
    expect(Math.min(classes.decoded, classes.checked, classes.encoded)).toBeGreaterThan(shapes.length / 2);
    expect(Math.min(accepted, refused)).toBeGreaterThan(RUNS / 5);
  });

  it('leaves the check to class-validator where code must not be generated', async () => {
    const flags = ['--disallow-code-generation-from-strings'];
    const { differences, classes, accepted, refused } = await fuzzApart(
      'strict',
      { external: LIBRARIES },
      flags,
    );

    expect(differences).toEqual([]);
    expect(classes.checked).toBe(0);
    expect(classes.decoded).toBeGreaterThan(shapes.length / 2);
    expect(Math.min(accepted, refused)).toBeGreaterThan(RUNS / 5);
  });

  it('leaves instances and their text to class-transformer where a bundler made two of it', async () => {
    const external = LIBRARIES.filter((name) => name !== 'class-transformer');
    const options: BuildOptions = { external, mainFields: ['module', 'main'] };
    const { differences, classes, accepted, refused } = await fuzzApart('bundled', options);

    expect(differences).toEqual([]);
    expect([classes.decoded, classes.encoded]).toEqual([0, 0]);
    expect(classes.checked).toBeGreaterThan(shapes.length / 2);
    expect(Math.min(accepted, refused)).toBeGreaterThan(RUNS / 5);
  });
});
