import { LogLimiter } from './log-limiter.js';

function limiterOf(linesPerMinute?: number) {
  const clock = { nowMs: 0 };
  const lines: Array<readonly [string, string | undefined]> = [];
  const write = (line: string, stack?: string) => void lines.push([line, stack]);
  return { clock, lines, limiter: new LogLimiter(write, { linesPerMinute, now: () => clock.nowMs }) };
}

describe('LogLimiter', () => {
  it('writes the first lines of a kind and counts the rest', () => {
    const { clock, lines, limiter } = limiterOf(2);

    for (let line = 0; line < 5; line++) limiter.log('a', `line ${line}`);
    limiter.log('b', 'other');
    clock.nowMs = 60_000;
    limiter.log('a', 'later');

    expect(lines.map(([line]) => line)).toEqual([
      'line 0',
      'line 1',
      'other',
      'later (3 more like it since the last line)',
    ]);
  });

  it('takes errors of one place in the code for one kind, whatever their text', () => {
    const { lines, limiter } = limiterOf(1);
    const make = (text: string) => new Error(text);

    for (const text of ['one', 'two', 'three\n    at forged (place.js:1:1)'])
      limiter.error('desk', 'failed', make(text));
    limiter.error('desk', 'failed', new Error('another place'));

    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(lines.length).toBeLessThanOrEqual(3);
  });

  it('bounds what a flood of kinds writes and keeps', () => {
    const { clock, lines, limiter } = limiterOf(1);

    for (let kind = 0; kind < 5_000; kind++)
      limiter.log(`kind ${kind}`, 'x'.repeat(5_000), () => 's'.repeat(9_000));

    expect(lines.length).toBeLessThanOrEqual(257);
    expect(lines[0]![0]).toHaveLength(1_000);
    expect(lines[0]![1]).toHaveLength(2_000);
    clock.nowMs = 60_000;
    limiter.log('new', 'again');
    expect(lines.at(-1)![0]).toBe('again');
  });

  it('writes one line for a text with line breaks', () => {
    const { lines, limiter } = limiterOf();

    limiter.log('a', 'one\n[Nest] 1 ERROR forged');

    expect(lines[0]![0]).toBe('one [Nest] 1 ERROR forged');
  });

  it('writes nothing that a terminal or an editor obeys, and keeps the lines of a stack', () => {
    const { lines, limiter } = limiterOf();

    limiter.log('a', 'a\x1b[31mb\x9b31mc\u2028d\u202ee', () => 'Error: x\x1b[2J\u202e\n    at y');

    expect(lines[0]).toEqual(['a [31mb 31mc d e', 'Error: x [2J \n    at y']);
  });
});
