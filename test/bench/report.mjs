const SECOND_QUARTILE = 0.5;
const FIGURES = ['perSecond', 'p50Us', 'p99Us', 'cpuUs', 'kernelUs', 'serverShare', 'loadShare'];

/**
 * @param {readonly number[]} values
 * @param {number} share
 */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at % 1);
}

const median = (values) => quantile(values, SECOND_QUARTILE);

/** The median of the ratios of each round to the unit's, and their quartiles. */
function ratioTo(unitRounds, rounds, figure) {
  const ratios = rounds.map((round, index) => round[figure] / unitRounds[index][figure]);
  return { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}

/**
 * Sums up the rounds of a workload: medians, and ratios to the unit within each round.
 *
 * @param {ReadonlyMap<string, readonly import('./contender.mjs').RoundFigures[]>} roundsOf by name of the peer
 * @param {string} unit
 */
export function summarize(roundsOf, unit) {
  const unitRounds = roundsOf.get(unit);
  return [...roundsOf].map(([peer, rounds]) => {
    const medians = Object.fromEntries(
      FIGURES.map((figure) => [figure, median(rounds.map((r) => r[figure]))]),
    );
    return {
      peer,
      rounds: rounds.length,
      ...medians,
      isLoadTheLimit: medians.loadShare > medians.serverShare,
      ...(unitRounds && {
        cpuRatio: ratioTo(unitRounds, rounds, 'cpuUs'),
        rateRatio: ratioTo(unitRounds, rounds, 'perSecond'),
      }),
    };
  });
}

const HEADS = [
  'peer',
  'messages/s',
  'p50 µs',
  'p99 µs',
  'server CPU µs (kernel)',
  '× CPU [quartiles]',
  '× rate [quartiles]',
  'server, load',
];

const ratioText = (ratio) =>
  ratio ? `${ratio.median.toFixed(2)} [${ratio.low.toFixed(2)}-${ratio.high.toFixed(2)}]` : '';
const percent = (share) => `${Math.round(share * 100)} %`;

function rowOf(row) {
  return [
    row.peer,
    row.perSecond.toFixed(0),
    row.p50Us.toFixed(0),
    row.p99Us.toFixed(0),
    `${row.cpuUs.toFixed(2)} (${row.kernelUs.toFixed(2)})`,
    ratioText(row.cpuRatio),
    ratioText(row.rateRatio),
    `${percent(row.serverShare)}, ${percent(row.loadShare)}${row.isLoadTheLimit ? ' *' : ''}`,
  ];
}

/**
 * Writes a workload's summary as a Markdown table.
 *
 * @param {string} title
 * @param {ReturnType<typeof summarize>} summary
 * @param {string} unit
 */
export function tableOf(title, summary, unit) {
  const rows = [HEADS, ...summary.map(rowOf)];
  const widths = HEADS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lineOf = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = rows.map(lineOf);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const note = summary.some((row) => row.isLoadTheLimit)
    ? [
        '',
        '* The load generator worked harder than the server: rate and latency are its own; CPU is the server’s.',
      ]
    : [];
  const rounds = `Medians of ${summary[0].rounds} rounds; × is to ${unit}, round by round.`;
  return [`## ${title}`, '', rounds, '', head, rule, ...body, ...note, ''].join('\n');
}
