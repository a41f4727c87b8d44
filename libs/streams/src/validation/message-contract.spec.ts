import 'reflect-metadata';
import { defineMessage } from '@nestwire/protocol';
import '@nestwire/protocol/class-transformer';
import { type } from 'arktype';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import * as v from 'valibot';
import { z } from 'zod';
import { contractOf } from './message-contract.js';

type Decorate = (name: string) => void;

/** Makes a class whose fields are decorated in the given order. */
function classWith(fields: Record<string, PropertyDecorator[]>): new () => object {
  class Made {}
  const decorate: Decorate = (name) => {
    for (const each of fields[name]!) each(Made.prototype, name);
  };
  Object.keys(fields).forEach(decorate);
  return Made;
}

const hash = (cls: unknown): string => JSON.stringify(contractOf(cls));
const base = () => classWith({ text: [IsString(), MaxLength(5)], kind: [IsIn(['a', 'b'])] });

describe('The contract of a decorated class', () => {
  it('is equal for equal fields in another order, and for other class names', () => {
    const other = classWith({ kind: [IsIn(['a', 'b'])], text: [MaxLength(5), IsString()] });

    expect(hash(other)).toBe(hash(base()));
  });

  it.each([
    ['a new field', { text: [IsString(), MaxLength(5)], kind: [IsIn(['a', 'b'])], more: [IsString()] }],
    ['a removed field', { text: [IsString(), MaxLength(5)] }],
    ['a renamed field', { label: [IsString(), MaxLength(5)], kind: [IsIn(['a', 'b'])] }],
    ['another limit', { text: [IsString(), MaxLength(6)], kind: [IsIn(['a', 'b'])] }],
    ['another value', { text: [IsString(), MaxLength(5)], kind: [IsIn(['a', 'c'])] }],
    ['an optional field', { text: [IsOptional(), IsString(), MaxLength(5)], kind: [IsIn(['a', 'b'])] }],
    ['a list', { text: [IsString({ each: true }), MaxLength(5)], kind: [IsIn(['a', 'b'])] }],
  ])('differs with %s', (_, fields) => {
    expect(hash(classWith(fields))).not.toBe(hash(base()));
  });

  it('contains the nested classes, also one that contains itself', () => {
    const inner = (most: number) => classWith({ n: [IsInt(), MaxLength(most)] });
    const outer = (nested: unknown) =>
      classWith({ nested: [ValidateNested(), Type(() => nested as new () => object)] });
    const self: new () => object = classWith({
      nested: [ValidateNested(), Type(() => self)],
    });

    expect(hash(outer(inner(1)))).toBe(hash(outer(inner(1))));
    expect(hash(outer(inner(1)))).not.toBe(hash(outer(inner(2))));
    expect(hash(self)).toContain('contained 1');
  });

  it('contains the fields without decorators that have a value', () => {
    class Bare {
      text = '';
    }
    class Other {
      label = '';
    }

    expect(hash(Bare)).not.toBe(hash(Other));
  });
});

let count = 0;
const define = (schema: unknown) => defineMessage(`contract.${++count}`, schema as z.ZodObject);

describe.each([
  [
    'zod',
    (most: number, more?: string) =>
      z.object({
        text: z.string().max(most).optional(),
        at: z.date(),
        ...(more && { [more]: z.bigint() }),
      }),
  ],
  [
    'valibot',
    (most: number, more?: string) =>
      v.object({
        text: v.optional(v.pipe(v.string(), v.maxLength(most))),
        at: v.date(),
        ...(more && { [more]: v.bigint() }),
      }),
  ],
  [
    'arktype',
    (most: number, more?: string) =>
      type({ 'text?': `string <= ${most}` as never, at: 'Date', ...(more && { [more]: 'bigint' }) }),
  ],
])('The contract of a schema of %s', (_, schema: (most: number, more?: string) => unknown) => {
  it('is equal for an equal schema', () => {
    expect(hash(define(schema(5)))).toBe(hash(define(schema(5))));
  });

  it('differs with a field, its name and its constraint', () => {
    const hashes = [schema(5), schema(6), schema(5, 'a'), schema(5, 'b')].map((each) => hash(define(each)));

    expect(new Set(hashes).size).toBe(4);
  });
});

it('The contract of a recursive schema is finite', () => {
  const tree: z.ZodType = z.object({ items: z.lazy(() => z.array(tree)) });

  expect(hash(define(tree)).length).toBeLessThan(2_000);
});
