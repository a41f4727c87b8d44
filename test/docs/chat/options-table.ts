import ts from 'typescript';

/** An option as the types or a page have it. */
export interface Option {
  readonly name: string;
  /** The default without marks, units and separators; empty where the types have none. */
  readonly default: string;
}

/** Lists the options of an interface, with their `@default`. */
export function optionsOf(source: string, name: string): Option[] {
  const tree = ts.createSourceFile('options.ts', source, ts.ScriptTarget.ES2023, true);
  const found = tree.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  if (!found) throw new Error(`There is no interface ${name}.`);
  return found.members.filter(ts.isPropertySignature).map((member) => {
    const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
    return { name: member.name.getText(), default: plain(ts.getTextOfJSDocComment(tag?.comment) ?? '') };
  });
}

/** Lists the options of the tables of one section of a page. */
export function rowsOf(page: string, heading: string): Option[] {
  const start = page.indexOf(`\n## ${heading}\n`);
  if (start < 0) throw new Error(`There is no section "${heading}".`);
  const section = page.slice(start + 1).split(/\n## /)[0]!;
  return [...section.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(([, name, text]) => ({
    name: name!,
    default: plain(text!),
  }));
}

/** Lists the differences between the options of the types and those of a page. */
export function differences(types: readonly Option[], rows: readonly Option[]): string[] {
  const names = new Set([...types, ...rows].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const [ofTypes, ofPage] = [types, rows].map((options) => options.filter((one) => one.name === name));
    if (ofTypes!.length !== 1) return [`${name} is not in the types`];
    if (ofPage!.length !== 1) return [`${name} has ${ofPage!.length} rows`];
    const [wanted, shown] = [ofTypes![0]!.default, ofPage![0]!.default];
    // A number begins both texts; the page adds its unit.
    const isSame = /^\d/.test(wanted) ? shown.split(' ')[0] === wanted.split(' ')[0] : true;
    return isSame ? [] : [`${name} has the default ${wanted}, and not ${shown}`];
  });
}

function plain(text: string): string {
  return text.replace(/[`'*]|(?<=\d)[_,](?=\d)|;/g, '').trim();
}
