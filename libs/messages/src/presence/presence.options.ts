/** The options of presence. */
export interface PresenceOptions {
  /**
   * The lease of a server, in milliseconds: 300 or more.
   *
   * A server renews it three times within this time. The members on a dead server are removed within two leases.
   *
   * @default 15_000
   */
  readonly leaseMs?: number;
  /**
   * The most connections in a channel.
   *
   * @default 1_000
   */
  readonly maxConnections?: number;
  /**
   * The most data of a connection in a channel, in bytes of JSON.
   *
   * @default 1_024
   */
  readonly maxDataBytes?: number;
}

/** The options of presence with their defaults filled in. */
export type ResolvedPresence = Required<PresenceOptions>;

/** The defaults of presence. */
export const DEFAULT_PRESENCE: ResolvedPresence = {
  leaseMs: 15_000,
  maxConnections: 1_000,
  maxDataBytes: 1_024,
};

const LEAST: ResolvedPresence = { leaseMs: 300, maxConnections: 1, maxDataBytes: 2 };
/** The limit of data from other processes; larger data is refused. */
const MOST_DATA_BYTES = 65_536;
const MOST: ResolvedPresence = { leaseMs: Infinity, maxConnections: Infinity, maxDataBytes: MOST_DATA_BYTES };

/** Fills in the defaults, and lists the problems of the given options. */
export function resolvePresence(given: PresenceOptions = {}): {
  presence: ResolvedPresence;
  problems: string[];
} {
  const presence = { ...DEFAULT_PRESENCE };
  for (const [name, figure] of Object.entries(given) as Array<[keyof ResolvedPresence, number | undefined]>)
    if (figure !== undefined) presence[name as 'leaseMs'] = figure;
  const names = Object.keys(presence) as Array<keyof ResolvedPresence>;
  const problems = names.map((name) => {
    if (!(name in LEAST)) return `there is no option presence.${name}; docs/configuration.md lists them.`;
    const figure = presence[name];
    if (Number.isFinite(figure) && figure >= LEAST[name] && figure <= MOST[name]) return '';
    const range = MOST[name] === Infinity ? 'on' : `to ${MOST[name]}`;
    return `presence.${name} must be a number from ${LEAST[name]} ${range}; got ${String(figure)}.`;
  });
  return { presence, problems: problems.filter((problem) => problem !== '') };
}
