// With it a class that is not there would be a plain object.
import '@nestwire/protocol/class-transformer';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { createStreamClient, openOutbox, type OutboxOutcome } from '@nestwire/client';
import { OriginLocks } from '../../libs/client/spec/page-locks.js';
import { ScriptedServer, WELCOME } from '../../libs/client/spec/scripted-server.js';
import { Note, note, Task, task } from '../e2e/messages.js';
import { until } from '../rig/until.js';

const globals = globalThis as Record<string, unknown>;
const navigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator');

interface Streams {
  chat: { in: Note | Task; out: Note | Task };
}

beforeEach(() => {
  const locks = new OriginLocks().page();
  Object.assign(globals, { indexedDB: new IDBFactory(), IDBKeyRange });
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
});

afterEach(() => {
  delete globals.indexedDB;
  delete globals.IDBKeyRange;
  if (navigator) Object.defineProperty(globalThis, 'navigator', navigator);
  else delete globals.navigator;
});

describe('A stored message whose class the page does not list any more', () => {
  it('is sent, and its outcome has its properties and no message', async () => {
    const server = await ScriptedServer.listen();
    const outcomes: OutboxOutcome[] = [];
    const warnings: string[] = [];
    const onWarning = (...texts: unknown[]) => void warnings.push(texts.map(String).join(' '));
    const clientOf = async (messages: readonly [typeof Note, typeof Task] | readonly [typeof Note]) => {
      const onOutcome = (outcome: OutboxOutcome) => void outcomes.push(outcome);
      const outbox = await openOutbox({ onOutcome, onWarning });
      const options = { url: server.url, messages, outbox, onWarning };
      return { outbox, client: createStreamClient<Streams>()(options as never) };
    };
    const before = await clientOf([Note, Task]);
    for (const message of [task('old'), note('known')])
      before.client.chat.sendStreamMessage(message, { durable: true }).catch(() => undefined);
    await before.client.close();
    await before.outbox.close();

    const { outbox, client } = await clientOf([Note]);
    const connecting = client.connectWebSocket();
    const peer = await server.welcome({ ...WELCOME });
    await connecting;
    await peer.open();
    for (let sent = 0; sent < 2; sent++) {
      const { id } = await peer.next('message');
      peer.send({ t: 'ack', stream: 'chat', id });
    }
    await until(() => outcomes.length === 2);

    expect(outcomes).toMatchObject([
      { type: 'e2e.task', message: undefined, data: { text: 'old' }, error: undefined },
      { type: 'e2e.note', message: note('known'), error: undefined },
    ]);
    expect(warnings).toEqual([
      'nestwire: outbox: a stored e2e.task cannot be decoded ' +
        'Error: e2e.task is not in messages: add its class',
    ]);
    await client.close();
    await outbox.close();
    await server.close();
  });
});
