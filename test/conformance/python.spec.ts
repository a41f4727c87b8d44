import 'reflect-metadata';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DeskModule } from './desk.app.js';

const CLIENT = join(import.meta.dirname, 'client.py');

/** Debian's python3-websockets belongs to Debian's own Python. */
const pythonWith = (modules: string): string | undefined =>
  ['/usr/bin/python3', 'python3'].find(
    (command) => spawnSync(command, ['-c', `import ${modules}`]).status === 0,
  );

const CODECS = [
  { codec: 'json', python: pythonWith('websockets'), packages: 'python3-websockets' },
  {
    codec: 'msgpack',
    python: pythonWith('websockets, msgpack'),
    packages: 'python3-websockets python3-msgpack',
  },
];

const needed = CODECS.filter(({ python }) => python !== undefined || process.env.CI === 'true');
for (const { codec, packages } of CODECS.filter((each) => !needed.includes(each)))
  console.warn(`Skipped: the client in Python that speaks ${codec}. It needs: apt install ${packages}`);

(needed.length ? describe : describe.skip)('A client in Python', () => {
  let app: INestApplication;

  beforeAll(async () => {
    app = await NestFactory.create(DeskModule, { logger: ['error'] });
    await app.listen(0);
  });

  afterAll(() => app.close());

  it.each(needed)(
    'signs in, sends, gets answers, errors and publications, and is asked, in $codec',
    async ({ codec, python }) => {
      const { port } = app.getHttpServer().address() as AddressInfo;
      const url = `ws://localhost:${port}/streams`;

      const { stdout } = await promisify(execFile)(python ?? 'python3', [CLIENT, url, codec], {
        timeout: 15_000,
      });

      const receipt = (text: string): string =>
        `('desk.receipt', {'text': '${text}', 'cents': 5, 'at': datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), 'seal': b'\\x00\\xff', 'ratio': nan})`;
      expect(stdout.trim().split('\n')).toEqual([
        'welcome ann str',
        'answers ack ack',
        `messages ${receipt('one')} ${receipt('two')}`,
        'error INVALID_MESSAGE text price.cents',
        "publication ('desk.announcement', {'$version': 2, 'text': 'TO ALL'})",
        'closed closed-by-client',
      ]);
    },
  );

  it('has at most 110 lines, with both codecs', () => {
    expect(readFileSync(CLIENT, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(110);
  });
});
