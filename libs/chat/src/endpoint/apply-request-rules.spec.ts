import { getMetadataStorage, IsString, MaxLength, validateSync } from 'class-validator';
import { readdir, readFile } from 'node:fs/promises';
import ts from 'typescript';
import { ChatCreate } from '../wire/channel-requests.js';
import { ChatPost } from '../wire/chat-requests.js';
import { rules } from '../wire/field-rules.js';
import { applyRequestRules } from './apply-request-rules.js';

const WIRE = new URL('../wire/', import.meta.url);

type RequestClass = new () => object;

/** Returns the fields of the classes of a source file. */
function fieldsOf(source: string): Map<string, string[]> {
  const { statements } = ts.createSourceFile('requests.ts', source, ts.ScriptTarget.ES2023, true);
  return new Map(
    statements.filter(ts.isClassDeclaration).map(({ name, members }) => [
      name!.text,
      members
        .filter(ts.isPropertyDeclaration)
        .map((field) => field.name.getText())
        .filter((field) => field !== '$type'),
    ]),
  );
}

/** Returns the fields that the server would refuse as unknown, because they have no rule. */
function withoutRule(source: string, classes: Readonly<Record<string, RequestClass>>): string[] {
  return [...fieldsOf(source)].flatMap(([name, fields]) => {
    const metadatas = getMetadataStorage().getTargetValidationMetadatas(classes[name]!, '', false, false);
    const known = new Set(metadatas.map(({ propertyName }) => propertyName));
    return fields.filter((field) => !known.has(field)).map((field) => `${name}.${field}`);
  });
}

describe('The rules of the requests', () => {
  beforeAll(() => applyRequestRules());

  it('cover each field of each class', async () => {
    const files = (await readdir(WIRE)).filter((name) => name.endsWith('-requests.ts'));
    expect(files.length).toBeGreaterThan(6);
    for (const file of files) {
      const url = new URL(file, WIRE);
      const classes = (await import(url.href)) as Record<string, RequestClass>;
      expect(withoutRule(await readFile(url, 'utf8'), classes)).toEqual([]);
    }
  });

  it('would not cover a field that nobody has given a rule', () => {
    class Half {
      declare ruled: string;
      declare free: string;
    }
    IsString()(Half.prototype, 'ruled');
    const source =
      'export class Half { declare $type: "half"; declare ruled: string; declare free: string; }';
    expect(withoutRule(source, { Half })).toEqual(['Half.free']);

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
