import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../..');
const FILE = join(import.meta.dirname, 'hovers.ts');

/** The text that an editor shows for a name: its type, and the comment below it. */
interface Hover {
  readonly text: string;
  /** The file that "Go to definition" opens. */
  readonly definedIn: string | undefined;
}

/** Asks the service of an editor about the name behind each mark of the file. */
function hoversOf(file: string): Map<string, Hover> {
  const source = readFileSync(file, 'utf8');
  const service = serviceFor(file);
  const hovers = new Map<string, Hover>();
  for (const { 0: found, 1: mark = '', index } of source.matchAll(/\/\*([\w ]+)\*\/ /g)) {
    const position = index + found.length;
    const { displayParts, documentation } = service.getQuickInfoAtPosition(file, position) ?? {};
    const texts = [displayParts, documentation].map((parts) => ts.displayPartsToString(parts));
    const [definition] = service.getDefinitionAtPosition(file, position) ?? [];
    hovers.set(mark, {
      text: texts.filter(Boolean).join('\n'),
      definedIn: definition && relative(ROOT, definition.fileName),
    });
  }
  service.dispose();
  return hovers;
}

/** Makes the service with the settings of this repository. */
function serviceFor(file: string): ts.LanguageService {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  return ts.createLanguageService({
    getCompilationSettings: () => ({ ...options, types: ['node'] }),
    getCurrentDirectory: () => ROOT,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
    getScriptSnapshot: (path) =>
      existsSync(path) ? ts.ScriptSnapshot.fromString(readFileSync(path, 'utf8')) : undefined,
  });
}

describe('An editor', () => {
  const hovers = hoversOf(FILE);

  it.each([
    [
      'a call with one reply',
      `(method) loadOlder(request: LoadOlder, options?: CallOptions): ReplyCall<Page>
Returns the texts before a position.`,
    ],
    [
      'a call with a stream of items',
      '(method) countDown(request: CountDown, options?: CallOptions): StreamingCall<Tick>',
    ],
    [
      'a call that sends items',
      '(method) upload(request: Upload, items: Items<Chunk>, options?: CallOptions): ReplyCall<Uploaded>',
    ],
    [
      'an endpoint with parameters',
      `(property) auction: (params: {
    readonly lotId: string;
}) => EndpointHandle<EndpointTypesOf<AuctionEndpoint>>`,
    ],
    [
      'a call of such an endpoint',
      '(method) bid(request: Bid, options?: CallOptions): ReplyCall<Accepted | Outbid>',
    ],
    [
      'a call that is resumed',
      `(method) Resume<Tick>.resume(id: string, options?: Omit<CallOptions, "id">): StreamingCall<Tick>
Continues a call on this or another device of the same user, from its first item.`,
    ],
  ])('shows a readable text for %s', (mark, text) => {
    expect(hovers.get(mark)?.text).toBe(text);
  });

  it('shows the texts that docs/calls.md promises', () => {
    const page = readFileSync(join(ROOT, 'docs/calls.md'), 'utf8');

    for (const mark of ['a call with one reply', 'a call with a stream of items', 'a call that sends items'])
      expect(page).toContain(hovers.get(mark)!.text);
  });

  it.each([
    ['a call with one reply', 'test/docs/calls.ts'],
    ['a call of such an endpoint', 'test/docs/recipes/auction.ts'],
  ])('goes from %s to the method on the server', (mark, file) => {
    expect(hovers.get(mark)?.definedIn).toBe(file);
  });
});
