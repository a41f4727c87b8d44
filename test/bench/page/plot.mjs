const SHOWN = ['echo-1', 'echo-16', 'echo-1000-classes', 'fan-out', 'fan-out-16', 'cluster', 'cluster-16'];
const SHOWN_TOO = ['idle', 'storm', 'churn', 'decode'];
const WIDTH = 860;
const NAMES_WIDTH = 190;
const VALUES_WIDTH = 60;
const BAR_HEIGHT = 11;
const LINE_HEIGHT = 16;
const TITLE_HEIGHT = 30;
const HEAD_HEIGHT = 34;
/** The ends of the logarithmic scale. */
const [LEAST, MOST] = [0.05, 20];
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10];

// Readable on white and on black alike; where the reader's scheme is known, more so.
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #6e7781 }
  .title { font-weight: 600; fill: #57606a }
  .own { font-weight: 600; fill: #c2410c }
  .bar { fill: #8c959f } .bar.own { fill: #ea580c } .bar.unit { fill: #57606a }
  .tick { stroke: #8c959f; stroke-opacity: .3 } .one { stroke: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #9ea7b3 } .title { fill: #d1d7e0 } .own { fill: #fb923c } .bar.unit { fill: #b7bdc8 }
  }`;

/**
 * Draws what each peer costs, as multiples of the unit of its workload, on a logarithmic scale.
 *
 * @param {readonly import('../report.mjs').Outcome[]} outcomes
 * @returns {string} SVG
 */
export function plotOf(outcomes) {
  const shown = outcomes.filter(({ name }) => [...SHOWN, ...SHOWN_TOO].includes(name));
  let y = HEAD_HEIGHT;
  const groups = shown.map((outcome) => {
    const group = groupOf(outcome, y);
    y += TITLE_HEIGHT + outcome.summary.length * LINE_HEIGHT;
    return group;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" role="img">
<title>What each peer costs, as multiples of the unit of each workload</title>
<style>${STYLE}
</style>
${TICKS.map((ratio) => tick(ratio, y)).join('\n')}
${groups.join('\n')}
</svg>
`;
}

function xOf(ratio) {
  const share = Math.log(Math.min(MOST, Math.max(LEAST, ratio)) / LEAST) / Math.log(MOST / LEAST);
  return Math.round(NAMES_WIDTH + share * (WIDTH - NAMES_WIDTH - VALUES_WIDTH));
}

function tick(ratio, bottom) {
  const x = xOf(ratio);
  const kind = ratio === 1 ? 'one' : 'tick';
  return (
    `<text x="${x}" y="14" text-anchor="middle">${ratio} ×</text>` +
    `<line class="${kind}" x1="${x}" x2="${x}" y1="20" y2="${bottom}"/>`
  );
}

function groupOf({ title, unit, summary }, head) {
  const rows = summary.map((row, index) => rowOf(row, unit, head + TITLE_HEIGHT + index * LINE_HEIGHT));
  const of = summary[0].rssRatio ? 'memory' : 'CPU';
  return `<text class="title" x="4" y="${head + TITLE_HEIGHT - 8}">${title}: ${of}</text>\n${rows.join('\n')}`;
}

/** A bar from the unit's line: to the left what costs less, to the right what costs more. */
function rowOf({ peer, cpuRatio, rssRatio }, unit, head) {
  const ratio = (rssRatio ?? cpuRatio).median;
  const [left, right] = [xOf(Math.min(ratio, 1)), xOf(Math.max(ratio, 1))];
  const kind = peer.startsWith('nestwire') ? ' own' : peer === unit ? ' unit' : '';
  const baseline = head + BAR_HEIGHT - 1;
  return (
    `<text class="name${kind}" x="14" y="${baseline}">${peer}</text>` +
    `<rect class="bar${kind}" x="${left - 1}" y="${head}" width="${right - left + 2}" height="${BAR_HEIGHT}"/>` +
    `<text class="${kind.trim()}" x="${right + 6}" y="${baseline}">${ratio.toFixed(2)}</text>`
  );
}
