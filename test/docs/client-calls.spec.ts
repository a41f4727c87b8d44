import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { until } from '../rig/until.js';
import { DeskModule } from './calls.js';
import { countDown, createDeskClient, loadOlder, stoppable, upload } from './client-calls.js';

describe('docs/client.md', () => {
  let app: INestApplication;
  let client: ReturnType<typeof createDeskClient>;

  beforeEach(async () => {
    app = (await Test.createTestingModule({ imports: [DeskModule] }).compile()).createNestApplication();
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    client = createDeskClient(`ws://127.0.0.1:${port}/streams`);
    await client.connectWebSocket();
  });

  afterEach(async () => {
    await client.close();
    await app.close();
  });

  it('calls methods with a reply and with items in both directions', async () => {
    const shown: number[] = [];
    const file = async function* () {
      yield* await Promise.resolve(['one', 'four']);
    };
    await countDown(client, (left) => shown.push(left));

    expect(await loadOlder(client)).toEqual(['one', 'two']);
    expect(shown).toEqual([10, 9, 8, 7, 6, 5]);
    expect(await upload(client, file())).toBe(7);
  });

  it('cancels a call from outside of its loop', async () => {
    const printed: string[] = [];
    const stop = await stoppable(client, (text) => printed.push(text));
    await until(() => printed.length > 3);
    stop();
    await until(() => printed.at(-1) === 'CANCELLED');
  });
});
