import { CodedError, create } from '@nestwire/protocol';
import { Note, Rig, Unlisted } from '../../spec/rig.js';
import type { Peer } from '../../spec/scripted-server.js';

const note = (text: string) => create(Note, { text });

describe('a request of the server', () => {
  let rig: Rig;
  let peer: Peer;

  beforeEach(async () => {
    rig = await Rig.start();
    peer = await rig.connected();
  });

  afterEach(() => rig.stop());

  function ask(id: number, text: string, type = 'spec.note'): void {
    peer.send({ t: 'request', id, stream: 'chat', type, data: { text }, timeoutMs: 1_000 });
  }

  it('is answered by the handler of its class, whose stream is open', async () => {
    rig.client.chat.onRequest(Note, ({ text }) => note(`${text}!`));
    await peer.open();
    ask(1, 'a');
    ask(2, 'b');
    expect(await peer.next('response')).toEqual({
      ...{ t: 'response', request: 1, type: 'spec.note', data: { text: 'a!' } },
    });
    expect(await peer.next('response')).toMatchObject({ request: 2, data: { text: 'b!' } });
  });

  it('settles nothing that has the same number', async () => {
    rig.client.chat.onRequest(Note, async () => new Promise<Note>(() => {}));
    await peer.open();
    let isSettled = false;
    const sent = rig.client.chat.sendStreamMessage(note('x')).finally(() => (isSettled = true));
    const { id } = await peer.next('message');
    ask(id, 'same number');
    peer.send({ t: 'ping' });
    await peer.next('pong');
    expect(isSettled).toBe(false);
    peer.send({ t: 'ack', stream: 'chat', id });
    await sent;
  });

  it.each<[string, () => Note, string]>([
    [
      'a coded error',
      () => {
        throw new CodedError('BUSY_USER', 'later');
      },
      'BUSY_USER',
    ],
    [
      'another error',
      () => {
        throw new Error('secret');
      },
      'INTERNAL',
    ],
    ['what is no message', () => new Unlisted() as never, 'NOT_A_MESSAGE'],
  ])('is answered with an error after %s', async (_what, handler, code) => {
    rig.client.chat.onRequest(Note, handler);
    await peer.open();
    ask(1, 'a');
    const response = await peer.next('response');

    expect(response).toMatchObject({ request: 1, error: { code } });
    expect(JSON.stringify(response)).not.toContain('secret');
  });

  it('is answered with an error without a handler', async () => {
    const remove = rig.client.chat.onRequest(Note, () => note('x'));
    rig.client.chat.addStreamOpenedListener(() => {});
    await peer.open();
    remove();
    ask(1, 'a');
    expect(await peer.next('response')).toMatchObject({ error: { code: 'UNKNOWN_MESSAGE' } });
  });

  it('goes to the newest handler', async () => {
    const remove = rig.client.chat.onRequest(Note, () => note('old'));
    rig.client.chat.onRequest(Note, () => note('new'));
    remove();
    await peer.open();
    ask(1, 'a');
    expect(await peer.next('response')).toMatchObject({ data: { text: 'new' } });
  });

  it('is aborted and not answered when it is withdrawn', async () => {
    const reasons: string[] = [];
    const answers: Array<() => void> = [];
    rig.client.chat.onRequest(
      Note,
      ({ text }, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => reasons.push(text));
          answers.push(() => resolve(note(text)));
        }),
    );
    await peer.open();
    ask(1, 'a');
    ask(2, 'b');
    peer.send({ t: 'withdrawn', request: 1 });
    peer.send({ t: 'ping' });
    await peer.next('pong');
    expect(reasons).toEqual(['a']);
    for (const answer of answers) answer();
    expect(await peer.next('response')).toMatchObject({ request: 2 });
  });

  it('is aborted when its connection is lost, and the next may use its number', async () => {
    const aborted: string[] = [];
    rig.client.chat.onRequest(Note, ({ text }, { signal }) => {
      signal.addEventListener('abort', () => aborted.push(text));
      return text === 'a' ? new Promise<Note>(() => {}) : note('done');
    });
    await peer.open();
    ask(1, 'a');
    peer.send({ t: 'ping' });
    await peer.next('pong');
    peer.socket.terminate();
    peer = await rig.reconnected();
    await peer.open('s2');
    ask(1, 'b');
    expect(await peer.next('response')).toMatchObject({ request: 1, data: { text: 'done' } });
    expect(aborted).toEqual(['a']);
  });
});

describe('addContractListener()', () => {
  it('calls back when a later server has another contract than the first', async () => {
    const rig = await Rig.start();
    let calls = 0;
    const remove = rig.client.addContractListener(() => calls++);
    let peer = await rig.connected({ contract: 'a' });
    for (const contract of ['a', 'b', 'a', 'b']) {
      peer.socket.terminate();
      peer = await rig.reconnected({ contract });
    }
    expect(calls).toBe(2);
    remove();
    peer.socket.terminate();
    await rig.reconnected({ contract: 'b' });
    expect(calls).toBe(2);
    await rig.stop();
  });
});
