import { CpuClock } from './cpu-clock.js';

describe('The clock of CPU time', () => {
  let usedMs = 0;
  let readings = 0;
  const clock = () =>
    new CpuClock(() => {
      readings++;
      return { user: usedMs * 1_000, system: 0 };
    });

  beforeEach(() => {
    usedMs = 0;
    readings = 0;
  });

  it('is read once a millisecond, however many ask', () => {
    const cpu = clock();
    for (let at = 0; at < 10; at += 0.01) cpu.recent(at);

    expect(readings).toBeGreaterThanOrEqual(9);
    expect(readings).toBeLessThanOrEqual(11);
  });

  it('never shows less between two readings than was used', () => {
    const cpu = clock();
    cpu.recent(0);
    usedMs = 0.9;
    const started = cpu.recent(0.9);
    usedMs = 50.9;

    expect(cpu.exact(51) - started).toBeGreaterThanOrEqual(50);
    expect(cpu.exact(51) - started).toBeLessThan(51.1);
  });
});
