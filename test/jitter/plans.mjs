/** The plans of a run: the long form, and a short one for slow machines with two cores. */
export const FULL = {
  jitter: {
    clients: 200,
    processes: 2,
    rate: 25,
    durationMs: 60_000,
    upMs: 8_000,
    downMs: [300, 2_000],
    areBeside: false,
  },
  rolling: {
    clients: 1_000,
    processes: 4,
    servers: 3,
    rooms: 20,
    rate: 50,
    asksPerSecond: 20,
    spreadMs: 5_000,
  },
  storm: { clients: 1_000, processes: 4, waves: 4, perWave: 100 },
};

export const QUICK = {
  jitter: {
    ...FULL.jitter,
    clients: 40,
    processes: 1,
    rate: 20,
    durationMs: 20_000,
    upMs: 5_000,
    areBeside: true,
  },
  rolling: { ...FULL.rolling, clients: 150, processes: 2, rate: 40, asksPerSecond: 10, spreadMs: 2_000 },
  storm: { ...FULL.storm, clients: 300, processes: 2, perWave: 50 },
};
