import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { differences, optionsOf, rowsOf } from './options-table.js';

const ROOT = resolve(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const page = read('docs/chat/options.md');

/** The sections of the page, with the interfaces whose options they list. */
const SECTIONS: ReadonlyArray<readonly [section: string, file: string, interfaces: readonly string[]]> = [
  ['ChatModule', 'chat.options', ['ChatProviders', 'ChatOptions', 'ChatModuleAsyncOptions']],
  ['Database', 'database/database.options', ['ChatDatabaseOptions']],
  ['Types of channels', 'channels/channel-type', ['ChannelTypeOptions']],
  ['Limits', 'limits/chat-limits', ['ChatLimits']],
  ['Growing messages', 'messages/growth/growth.options', ['ChatGrowthOptions']],
  ['Attachments', 'attachments/attachment.options', ['ChatAttachmentOptions']],
  ['Relay', 'relay/relay.options', ['ChatRelayOptions']],
  ['createChat', 'client/chat-client', ['ChatOptions']],
];

describe('docs/chat/options.md', () => {
  it.each(SECTIONS)('has the options of "%s" as the types have them', (section, file, interfaces) => {
    const source = read(`libs/chat/src/${file}.ts`);
    const types = interfaces.flatMap((name) => optionsOf(source, name));

    expect(types.length).toBeGreaterThan(1);
    expect(differences(types, rowsOf(page, section))).toEqual([]);
  });

  it('has no section with options that the check does not know', () => {
    const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!);

    expect(sections.filter((heading) => rowsOf(page, heading).length > 0)).toEqual(
      SECTIONS.map(([section]) => section),
    );
  });
});

describe('The check of options', () => {
  const source = `
    export interface Given {
      /** @default 5_000 */
      readonly waitMs?: number;
      readonly folder?: string;
    }`;
  const check = (rows: string) => differences(optionsOf(source, 'Given'), rowsOf(`\n## A\n\n${rows}`, 'A'));

  it('accepts a page with all options and their defaults', () => {
    expect(check('| `waitMs` | 5,000 ms | the wait |\n| `folder` | none | the folder |\n')).toEqual([]);
  });

  it('finds an option without a row, a row without an option, and another default', () => {
    expect(check('| `waitMs` | 4,000 ms | the wait |\n| `path` | none | the path |\n')).toEqual([
      'waitMs has the default 5000, and not 4000 ms',
      'folder has 0 rows',
      'path is not in the types',
    ]);
  });
});
