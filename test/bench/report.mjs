const digits = (value, count) => value.toFixed(value < 0.1 ? count + 1 : count);
/** Writes a ratio and its spread. @param {import('./summary.mjs').Ratio} ratio */
export const ratioText = ({ median, low, high }) =>
  `${digits(median, 2)} [${digits(low, 2)}-${digits(high, 2)}]`;
const percent = (share) => `${Math.round(share * 100)} %`;

/**
 * The columns of a table: the figure, the heading, and the text of a peer's summary.
 *
 * @type {readonly (readonly [figure: string, head: string, read: (row: any) => string])[]}
 */
const COLUMNS = [
  ['peer', 'peer', ({ peer }) => peer],
  ['perSecond', 'a second', ({ perSecond }) => perSecond.toFixed(0)],
  ['p50Us', 'p50 µs', ({ p50Us }) => p50Us.toFixed(0)],
  ['p99Us', 'p99 µs', ({ p99Us }) => p99Us.toFixed(0)],
  ['allMs', 'all after ms', ({ allMs }) => allMs.toFixed(0)],
  ['reads', 'reads of Redis', ({ reads }) => `${reads}`],
  ['cpuUs', 'CPU µs', ({ cpuUs }) => digits(cpuUs, 2)],
  ['kernelUs', 'in the kernel', ({ kernelUs }) => digits(kernelUs, 2)],
  ['cpuRatio', '× CPU [spread]', ({ cpuRatio }) => ratioText(cpuRatio)],
  ['rateRatio', '× rate [spread]', ({ rateRatio }) => ratioText(rateRatio)],
  ['p99Ratio', '× p99 [spread]', ({ p99Ratio }) => ratioText(p99Ratio)],
  ['rssKb', 'KiB each', ({ rssKb }) => rssKb.toFixed(1)],
  ['rssRatio', '× memory [spread]', ({ rssRatio }) => ratioText(rssRatio)],
  ['payloadBytes', 'bytes of text', ({ payloadBytes }) => payloadBytes.toFixed(0)],
  ['bytes', 'bytes kept', ({ bytes }) => bytes.toFixed(0)],
  ['bytesRatio', '× bytes [spread]', ({ bytesRatio }) => ratioText(bytesRatio)],
  ['restBytes', 'after two minutes', ({ restBytes }) => restBytes.toFixed(0)],
  ['restRatio', '× after [spread]', ({ restRatio }) => ratioText(restRatio)],
  [
    'serverShare',
    'server, load',
    (row) => `${percent(row.serverShare)}, ${percent(row.loadShare)}${row.isLoadTheLimit ? ' *' : ''}`,
  ],
];

const LOAD_NOTE =
  '\\* The load generator worked harder than the server: rate and latency are its own; CPU is the server’s.';

/** @typedef {Awaited<ReturnType<typeof import('./measure.mjs').measure>>} Outcome of a workload */

/** Writes what a workload showed as a section of Markdown. @param {Outcome} outcome */
export function sectionOf(outcome) {
  const { targets, costs } = outcome;
  return [
    tableSectionOf(outcome),
    ...(targets.length ? [...targets.map(verdictLine), ''] : []),
    ...(costs ? ['```', costs, '```', ''] : []),
  ].join('\n');
}

/** Writes the figures of a workload as a section of Markdown. @param {Outcome} outcome */
export function tableSectionOf(outcome) {
  const { title, unit, summary, perSecond } = outcome;
  const pace = perSecond ? ` ${perSecond} messages a second.` : '';
  return [
    `## ${title}`,
    '',
    `Medians of ${summary[0].rounds} rounds; × is to ${unit}.${pace}${clientOf(outcome)}`,
    '',
    ...tableOf(summary),
    '',
    ...(summary.some((row) => row.isLoadTheLimit) ? [LOAD_NOTE, ''] : []),
  ].join('\n');
}

/**
 * Tells how the clients of a workload write, where that decides the cost.
 *
 * @param {{ load: string, inFlight?: number, writes?: string }} workload
 */
function clientOf({ load, inFlight, writes }) {
  if (load !== 'echo' && load !== 'fan-out') return '';
  const how = writes === 'separate' ? 'each in a write of its own' : 'all in one write';
  if (inFlight === 1) return ' A client writes one message, and the next one when that has come back.';
  return load === 'echo'
    ? ` A client writes as many messages as it has read answers of, ${how}.`
    : ` A client posts ${inFlight} messages, ${how}, and the next ones when all have them.`;
}

/** @param {readonly import('./summary.mjs').Summary[]} summary */
function tableOf(summary) {
  const columns = COLUMNS.filter(([figure]) => summary[0][figure] !== undefined);
  return markdownTable([
    columns.map(([, head]) => head),
    ...summary.map((row) => columns.map(([, , read]) => read(row))),
  ]);
}

/**
 * Lays out a table; the first row is its head.
 *
 * @param {readonly (readonly string[])[]} rows
 */
export function markdownTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lineOf = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = rows.map(lineOf);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [head, rule, ...body];
}

/** @param {import('./targets.mjs').Verdict} verdict */
function verdictLine(verdict) {
  return `- ${verdict.text}: ${measuredText(verdict)}, ${verdict.isMet ? 'met' : 'not met'}`;
}

/** Writes what was measured in the words of its target. @param {import('./targets.mjs').Verdict} verdict */
export function measuredText({ ratio = NaN, low = NaN, high = NaN, times, count }) {
  if (count !== undefined) return `${count}`;
  if (!times) return `${ratio.toFixed(2)} × [${low.toFixed(2)}-${high.toFixed(2)}]`;
  const [less, least, most] = [ratio, high, low].map((value) => (1 / value).toFixed(1));
  return `${less} times less [${least}-${most}]`;
}
