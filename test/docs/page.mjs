// Reads the parts of Markdown that the checks of the pages need, and writes code blocks from the files that they show.

/**
 * @typedef {{ line: number, language: string, code: string, region: { file: string, name: string } | undefined }} Block
 * @typedef {{ from: 'client' | 'server' | 'either', text: string }} ShownFrame
 */

const FENCE = /^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm;
const REGION = /<!-- region: (\S+?)#([\w-]+) -->\n{1,2}$/;

/**
 * Lists the fenced blocks of a page, with the region that the line above names.
 *
 * @param {string} page
 * @returns {Block[]}
 */
export function blocksOf(page) {
  return [...page.matchAll(FENCE)].map((match) => {
    const named = REGION.exec(page.slice(0, match.index));
    return {
      line: page.slice(0, match.index).split('\n').length,
      language: match[1],
      code: match[2],
      region: named ? { file: named[1], name: named[2] } : undefined,
    };
  });
}

/**
 * Takes a region out of a source file: without the marks in it, and not indented.
 *
 * @param {string} source
 * @param {string} name
 */
export function regionOf(source, name) {
  const lines = source.split('\n');
  const start = lines.findIndex((line) => line.trim() === `// #region ${name}`);
  const end = lines.findIndex((line, at) => at > start && line.trim() === `// #endregion ${name}`);
  if (start < 0 || end < 0) throw new Error(`There is no region "${name}".`);
  const inside = lines.slice(start + 1, end).filter((line) => !/^\s*\/\/ #(end)?region /.test(line));
  const indents = inside.filter((line) => line.trim()).map((line) => line.length - line.trimStart().length);
  const least = Math.min(...indents, Infinity);
  return `${inside
    .map((line) => line.slice(least))
    .join('\n')
    .trim()}\n`;
}

/**
 * Writes the regions that a page names into its blocks. `read` gives the text of a file.
 *
 * @param {string} page
 * @param {(file: string) => string} read
 */
export function withRegions(page, read) {
  return page.replace(FENCE, (whole, _language, _code, offset) => {
    const named = REGION.exec(page.slice(0, offset));
    if (!named) return whole;
    return `${whole.slice(0, whole.indexOf('\n') + 1)}${regionOf(read(named[1]), named[2])}\`\`\``;
  });
}

/**
 * Lists the targets of the links and images of a page, code left out.
 *
 * @param {string} page
 * @returns {string[]}
 */
export function linksOf(page) {
  const prose = page.replace(FENCE, '').replace(/`[^`\n]*`/g, '');
  const inText = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  const inTags = [...prose.matchAll(/<(?:img|a|source)\b[^>]*?\b(?:src|href|srcset)="([^"]+)"/g)];
  return [...inText, ...inTags.map(([, target]) => target)];
}

/**
 * Lists the anchors of a page's headings, as GitHub makes them.
 *
 * @param {string} page
 */
export function anchorsOf(page) {
  const seen = new Map();
  return [...page.replace(FENCE, '').matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading]) => {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times ? `${anchor}-${times}` : anchor;
  });
}

/**
 * Lists the npm scripts that a page tells the reader to run.
 *
 * @param {string} page
 * @returns {string[]}
 */
export function scriptsIn(page) {
  const commands = page.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)(?! +-w)/g);
  return [...new Set([...commands].map(([, named, short]) => named ?? short))];
}

/**
 * Lists the frames in JSON that a page shows, with who sends them, where the page says so.
 *
 * @param {string} page
 * @returns {ShownFrame[]}
 */
export function framesIn(page) {
  const said = [...page.matchAll(/^([<>]) (\{.*\})$/gm)];
  const named = [...page.replace(FENCE, '').matchAll(/`(\{"t":[^`]*\})`/g)];
  return /** @type {ShownFrame[]} */ ([
    ...said.map(([, mark, text]) => ({ from: mark === '>' ? 'client' : 'server', text })),
    ...named.map(([, text]) => ({ from: 'either', text })),
  ]);
}
