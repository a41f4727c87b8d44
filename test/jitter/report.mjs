const NONE = '–';
const percent = (share) => (share === 1 ? '100 %' : `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`);
const ms = (value) => (Number.isNaN(value) ? NONE : Math.round(value).toLocaleString('en'));
const seconds = (value) => `${(value / 1_000).toFixed(1)} s`;

const rowOf = (cells) => `| ${cells.join(' | ')} |`;

/** Writes a table in Markdown. */
function tableOf(head, rows) {
  const line = head.map((_, at) => (at ? '---:' : '---'));
  return [head, line, ...rows].map(rowOf).join('\n');
}

/** @param {readonly { peer: { name: string }, outcome: any }[]} outcomes */
export function jitterTable(outcomes) {
  const head = [
    'peer',
    'delivered',
    'clients without a loss',
    'out of order',
    'twice',
    'outages caught up with',
    'replay p50, ms',
    'replay p99, ms',
    'away p50, ms',
    'away p99, ms',
  ];
  const rows = outcomes.map(({ peer, outcome: { counts, ...outcome } }) => [
    peer.name,
    percent(counts.delivered / counts.expected),
    `${outcome.unharmed} of ${outcome.clients}`,
    counts.outOfOrder,
    counts.twice,
    `${outcome.caughtUp} of ${outcome.outages}`,
    ms(outcome.replayMs.p50),
    ms(outcome.replayMs.p99),
    ms(outcome.awayMs.p50),
    ms(outcome.awayMs.p99),
  ]);
  return tableOf(head, rows);
}

/** One row for each restart, and a line of what all clients saw together. */
export function rollingTable({ counts, clients, states, asked, restarts, moves }) {
  const head = [
    'restart',
    'connections',
    'time to its end',
    'exit code',
    'time until half of the clients had moved',
    'most clients in a second',
    'even share in a second',
  ];
  const rows = restarts.map(({ exit, tookMs }, index) => {
    const { connections, worstSecond, evenSecond, medianMs } = moves[index];
    return [
      index + 1,
      connections,
      seconds(tookMs),
      exit,
      seconds(medianMs),
      worstSecond,
      evenSecond.toFixed(0),
    ];
  });
  return [
    `${clients} clients, ${percent(counts.delivered / counts.expected)} of ${counts.expected} delivered, ${counts.lost} lost, ${counts.twice} twice, ${counts.outOfOrder} out of order;`,
    `states seen: ${states.join(', ')}; ${asked.count} messages answered or not, ${asked.failures.length} failed.`,
    '',
    tableOf(head, rows),
  ].join('\n');
}

/** Describes a return of all clients at once. */
export function stormTable({ clients, counts, reads, mostReads, scripts, ...times }) {
  const head = [
    'clients',
    'delivered',
    'reads',
    'allowed',
    'scripts of Redis',
    'time until all were connected',
    'time until all had received everything',
  ];
  const delivered = percent(counts.delivered / counts.expected);
  const within = [seconds(times.connectedWithinMs), seconds(times.doneWithinMs)];
  return tableOf(head, [[clients, delivered, reads, mostReads, scripts, ...within]]);
}
