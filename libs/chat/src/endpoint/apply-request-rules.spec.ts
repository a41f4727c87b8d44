import { messageNameOf } from '@nestwire/protocol';
import { getMetadataStorage, IsString, MaxLength, validateSync } from 'class-validator';
import { readdir } from 'node:fs/promises';
import { ChatCreate } from '../wire/channel-requests.js';
import { ChatPost } from '../wire/chat-requests.js';
import { rules } from '../wire/field-rules.js';
import { applyRequestRules } from './apply-request-rules.js';

const WIRE = new URL('../wire/', import.meta.url);

type RequestClass = new () => object;

/** Returns the fields of a class that the server would refuse as unknown, because they have no rule. */
function fieldsWithoutRule(cls: RequestClass): string[] {
  const known = new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(cls, '', false, false)
      .map(({ propertyName }) => propertyName),
  );
  return Object.keys(new cls()).filter((field) => !known.has(field));
}

/** Returns the classes of all files of requests. */
async function requestClasses(): Promise<RequestClass[]> {
  const files = (await readdir(WIRE)).filter((name) => name.endsWith('-requests.ts'));
  const modules = await Promise.all(files.map((name) => import(new URL(name, WIRE).href) as Promise<object>));
  return modules.flatMap((exported) => Object.values(exported) as RequestClass[]);
}

describe('The rules of the requests', () => {
  beforeAll(() => applyRequestRules());

  it('cover each field of each class', async () => {
    const classes = await requestClasses();

    expect(classes.filter((cls) => messageNameOf(cls)).length).toBeGreaterThan(25);
    expect(classes.flatMap((cls) => fieldsWithoutRule(cls).map((field) => `${cls.name}.${field}`))).toEqual(
      [],
    );
  });

  it('would not cover a field that nobody has given a rule', () => {
    class Half {
      ruled!: string;
      free!: string;
    }
    IsString()(Half.prototype, 'ruled');
    expect(fieldsWithoutRule(Half)).toEqual(['free']);

    // @ts-expect-error -- the field "free" has no rules
    rules(Half, { ruled: [IsString()] });
    // @ts-expect-error -- the class has no field "other"
    rules(Half, { ruled: [], free: [], other: [] });
  });

  it('are given once', () => {
    const count = () => getMetadataStorage().getTargetValidationMetadatas(ChatPost, '', false, false).length;
    const before = count();
    applyRequestRules();

    expect(count()).toBe(before);
  });

  it('report the errors of a field in the order of a decorated class', () => {
    class Decorated {
      @IsString() @MaxLength(32) type!: string;
    }
    const orderOf = (request: object) =>
      validateSync(request).flatMap(({ constraints }) => Object.keys(constraints!));
    const expected = orderOf(Object.assign(new Decorated(), { type: 5 }));

    expect(expected).toHaveLength(2);
    expect(orderOf(Object.assign(new ChatCreate(), { type: 5 }))).toEqual(expected);
  });
});
