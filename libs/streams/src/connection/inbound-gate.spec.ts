import { CpuClock } from '../fairness/cpu-clock.js';
import { DEFAULT_LIMITS } from '../streams-limits.js';
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
  /** How often the CPU time was asked for. */
  let asked: number;
  const debtMs = () => gate.debtMs(performance.now());
  const beginBeforeStall = () => gate.begin(performance.now() - STALL_MS);

  beforeEach(() => {
    asked = 0;
    const cpu = new CpuClock(() => {
      asked++;
      return process.cpuUsage();
    });
    gate = new InboundGate(DEFAULT_LIMITS, performance.now(), cpu);
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

  it('asks for the CPU time once a millisecond, however many frames a client sends', () => {
    gate.begin(performance.now());
    gate.charge(DEFAULT_LIMITS.frameWorkMsPerSecond);
    asked = 0;
    const now = performance.now() + 10;
    for (let count = 0; count < 1_000; count++) {
      gate.begin(now);
      gate.end();
    }

    expect(asked).toBe(1);
  });

  describe('asks for the CPU time', () => {
    const SHORTLY_MS = 1_000;

    /** True when it is asked for at the beginning of a frame that comes so much later. */
    const asksLater = (ms: number): boolean => {
      asked = 0;
      gate.begin(performance.now() + ms);
      gate.end();
      return asked > 0;
    };

    it('of a client that has not paid what it was charged', () => {
      gate.begin(performance.now());
      gate.charge(DEFAULT_LIMITS.frameWorkMsPerSecond);

      expect(asksLater(10)).toBe(true);
    });

    it('of no client that has paid', () => {
      gate.begin(performance.now());
      gate.charge(1);

      expect(asksLater(SHORTLY_MS)).toBe(false);
    });

    it('of a client whose frame took long, for a minute after it has paid', () => {
      beginBeforeStall();
      gate.chargeReading();

      expect([asksLater(SHORTLY_MS), asksLater(59_000), asksLater(61_000)]).toEqual([true, true, false]);
    });
  });
});
