import { DEFAULT_LIMITS } from '../streams.limits.js';
import { InboundGate } from './inbound-gate.js';

const STALL_MS = 2_000;

/** Computes for so long. */
function compute(ms: number): void {
  const before = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(before);
    if (user + system > ms * 1_000) return;
  }
}

describe('The gate of a connection', () => {
  let gate: InboundGate;
  const debtMs = () => gate.debtMs(performance.now());
  const beginBeforeStall = () => gate.begin(performance.now() - STALL_MS);

  beforeEach(() => {
    gate = new InboundGate(DEFAULT_LIMITS, performance.now());
  });

  it('does not charge the time in which the process did not run', () => {
    for (let count = 0; count < 3; count++) {
      beginBeforeStall();
      gate.chargeReading();
    }

    expect(debtMs()).toBe(0);
  });

  it('does not charge such time to a refusal either', () => {
    for (let count = 0; count < 3; count++) {
      beginBeforeStall();
      gate.charge();
    }

    expect(debtMs()).toBe(0);
  });

  it('charges work, from the second message on as long as it took', () => {
    gate.begin(performance.now());
    compute(20);
    gate.chargeReading();
    gate.begin(performance.now());
    compute(DEFAULT_LIMITS.frameWorkMsPerSecond * 4);
    gate.chargeReading();

    expect(debtMs()).toBeGreaterThan(1_000);
  });
});
