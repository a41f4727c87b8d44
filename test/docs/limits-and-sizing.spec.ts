import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { StreamsService } from '@nestwire/streams';
import { DEFAULT_LIMITS } from '../../libs/streams/src/streams-limits.js';
import { AppModule } from './limits-and-sizing.js';
import { defaultsIn } from './numbers.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/limits-and-sizing.md');
const [answers, resources] = page.split('## From the resource to the limit') as [string, string];

describe('docs/limits-and-sizing.md', () => {
  it('lists each limit once, with its default', () => {
    const listed = defaultsIn(resources).map(({ name, value }) => [name, value] as const);

    expect(Object.fromEntries(listed)).toEqual(DEFAULT_LIMITS);
    expect(listed).toHaveLength(Object.keys(DEFAULT_LIMITS).length);
  });

  it('names only limits in its table of answers', () => {
    const rows = answers
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| the client'));
    const named = rows.flatMap((row) =>
      [...row.split('|')[2]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
    );

    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !(name in DEFAULT_LIMITS) && name !== 'hello')).toEqual([]);
  });

  it('takes its figures from the benchmarks', () => {
    const benchmarks = read('docs/benchmarks.md');
    const rowOf = (heading: string) =>
      /^\| nestwire +\|(.*)$/m
        .exec(benchmarks.slice(benchmarks.indexOf(`## ${heading}`)))![1]!
        .split('|')
        .map((cell) => Number.parseFloat(cell));

    const figures: ReadonlyArray<readonly [pattern: RegExp, heading: string, column: number]> = [
      [/\| ([\d.]+) KiB each \| 64 MiB/, '10,000 idle connections', 0],
      [/welcomed and ended \| (\d+) µs/, 'Storm: connections come', 3],
      [/validated and answered \| (\d+) µs/, 'Echo, 100 connections, one', 3],
      [/16 in one write (\d+) µs/, 'Echo, 100 connections, 16', 3],
      [/times (\d+) µs \(a process/, 'Echo at a fixed rate', 3],
      [/\| ([\d.]+) KiB each; /, 'Memory of a subscription', 0],
    ];
    const ratios = figures.map(
      ([pattern, heading, column]) => Number(pattern.exec(page)![1]) / rowOf(heading)[column]!,
    );

    expect(ratios.filter((ratio) => !(ratio > 0.75 && ratio < 1.33))).toEqual([]);
  });

  it('shows limits that fit each other', async () => {
    const app = await NestFactory.create(AppModule, { logger: false });
    await app.init();

    expect(app.get(StreamsService).isReady).toBe(true);
    await app.close();
  });
});
