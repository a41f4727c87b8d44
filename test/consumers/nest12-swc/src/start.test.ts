import 'reflect-metadata';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { createStreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import type { BoardStreams } from './board.module.js';
import { Note, Posted } from './messages.js';

test('the application that `nest start -b swc` starts answers a client', { timeout: 60_000 }, async () => {
  const child = spawn('node_modules/.bin/nest', ['start', '-b', 'swc'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  try {
    const url = await addressOf(child.stdout);
    const client = createStreamClient<BoardStreams>()({
      url: `${url.replace('http', 'ws')}/streams`,
      messages: [Note, Posted],
      auth: () => 'ann',
    });
    await client.connectWebSocket();
    const reader = client.board.stream[Symbol.asyncIterator]();

    await client.board.sendStreamMessage(create(Note, { text: 'hello', writtenAt: new Date(0) }));
    await assert.rejects(client.board.sendStreamMessage(create(Note, { text: 'x'.repeat(101) })), {
      code: 'INVALID_MESSAGE',
    });

    assert.deepEqual(
      { ...(await reader.next()).value },
      { author: 'ann', text: 'hello', writtenAt: new Date(0) },
    );
    await client.close();
  } finally {
    // The command has the application as its child.
    process.kill(-child.pid!, 'SIGTERM');
    await once(child, 'close');
  }
});

async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const [, url] = /Listening at (\S+)/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error('The application ended before it listened.');
}
