import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CloseCode } from '@nestwire/protocol';
import { FrameFault, guardClientFrame } from '@nestwire/protocol/codec';
import { framesIn } from './page.mjs';

const page = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/protocol.md'), 'utf8');
const frames = framesIn(page);

/** Reads the tables of frames: their fields by their names, from the client and from the server. */
function documentedFields(heading: string): Map<string, Set<string>> {
  const section = page.split(`### ${heading}`)[1]!.split(/^##/m)[0]!;
  const rows = [...section.matchAll(/^\| `(\w+)` \|([^|]*)\|/gm)];
  return new Map(rows.map(([, name, cell]) => [name!, new Set(codeIn(cell!))]));
}

/** Lists the names in code at the top of a cell: those of a nested object are not fields of the frame. */
function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
}

/** Finds fields of a server's frame that the page does not have. */
function unknownFields(text: string, known = documentedFields('3.2 From the server')): string[] {
  const { t, ...fields } = JSON.parse(text) as Record<string, unknown> & { t: string };
  const named = known.get(t);
  if (!named) return [`frame ${t}`];
  return Object.keys(fields).filter((field) => !named.has(field));
}

describe('docs/protocol.md', () => {
  it('shows frames', () => {
    expect(frames.filter(({ from }) => from === 'client').length).toBeGreaterThan(3);
    expect(frames.filter(({ from }) => from === 'server').length).toBeGreaterThan(3);
  });

  it.each(frames.filter(({ from }) => from === 'client'))(
    'shows a frame that a server takes: $text',
    ({ text }) => {
      expect(guardClientFrame(JSON.parse(text))).not.toBeInstanceOf(FrameFault);
    },
  );

  it.each(frames.filter(({ from }) => from !== 'client'))(
    'shows a frame of its tables: $text',
    ({ text }) => {
      expect(unknownFields(text)).toEqual([]);
    },
  );

  it('is caught when it shows a frame that is none', () => {
    const shown = framesIn('```\n> {"t":"open","id":0}\n< {"t":"opened","sesion":"a"}\n```\n').map(
      ({ text }) => text,
    );

    expect(guardClientFrame(JSON.parse(shown[0]!))).toBeInstanceOf(FrameFault);
    expect(unknownFields(shown[1]!)).toEqual(['sesion']);
  });

  it('explains every close code', () => {
    const explained = page.split('## 8. Close codes')[1]!.split(/^## /m)[0]!;

    expect(Object.values(CloseCode).filter((code) => !explained.includes(String(code)))).toEqual([]);
  });
});
