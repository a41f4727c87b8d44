const HEAP_GROWTH = 1.1;
const SCOPED = ['Visit', 'Cart', 'Ledger'];

/**
 * Returns what a soak left behind, as sentences; none when all is well.
 *
 * @param {any} before the census after the first cycles
 * @param {any} after the census at the end
 * @param {string[]} redisChannels channels of the soak that Redis still has subscribers for
 */
export function problemsOf(before, after, redisChannels) {
  return [
    ...['connections', 'handshakes', 'sessions', 'channels', 'listeners'].flatMap((what) =>
      after[what] ? [`${what}: ${after[what]} are left`] : [],
    ),
    ...Object.entries(after.lives).flatMap(([kind, { alive, made }]) =>
      alive ? [`instances: ${alive} of ${made} ${kind} were not collected`] : [],
    ),
    ...SCOPED.flatMap((kind) => {
      const { made, disposed } = after.lives[kind];
      return made === disposed ? [] : [`disposal: ${disposed} of ${made} ${kind} were disposed`];
    }),
    ...(after.opened === after.closed
      ? []
      : [`closed: @OnStreamClosed ran for ${after.closed} of ${after.opened} sessions`]),
    ...(after.heapUsed <= before.heapUsed * HEAP_GROWTH
      ? []
      : [`heap: ${mib(before.heapUsed)} became ${mib(after.heapUsed)}`]),
    ...(redisChannels.length ? [`redis: still subscribed to ${redisChannels.slice(0, 5).join(', ')}`] : []),
  ];
}

/** @param {number} bytes */
export function mib(bytes) {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}
