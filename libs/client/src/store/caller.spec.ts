import { create } from '@nestwire/protocol';
import { until } from '../../../../test/rig/until.js';
import { Note, Rig } from '../../spec/rig.js';
import type { Peer } from '../../spec/scripted-server.js';
import { createCaller, type CallableMethod, type Caller } from './caller.js';

const note = (text: string) => create(Note, { text });

describe('A caller', () => {
  let rig: Rig;
  let peer: Peer;

  beforeEach(async () => {
    rig = await Rig.start();
    peer = await rig.connected({ callWindow: 64 });
    rig.client.chat.addStreamOpenedListener(() => {});
    await peer.open();
  });

  afterEach(() => rig.stop());

  /** Subscribes, and returns the states that were shown. */
  function shown<M extends CallableMethod>({ state }: Caller<M>): Array<ReturnType<typeof state.get>> {
    const states = [state.get()];
    state.subscribe(() => states.push(state.get()));
    return states;
  }

  function item(call: number, n: number): void {
    peer.send({ t: 'item', call, n, type: 'spec.note', data: { text: `${n}` } });
  }

  const textsOf = (items: readonly Note[]) => items.map(({ text }) => text);

  it('shows the reply of a call', async () => {
    const caller = createCaller(rig.client.chat.load);
    const states = shown(caller);
    const started = caller.start(note('older'));
    const { id, callId } = await peer.next('call');
    await until(() => caller.state.get().isPending);
    peer.send({ t: 'reply', call: id, type: 'spec.note', data: { text: 'page' } });
    expect(await started).toBe(true);
    await until(() => !caller.state.get().isPending);

    expect(states.map(({ isPending }) => isPending)).toEqual([false, true, false]);
    expect(caller.state.get()).toEqual({
      ...{ id: callId, isPending: false, error: undefined, reply: note('page'), items: [] },
    });
  });

  it('shows the error of a call, until the next one', async () => {
    const caller = createCaller(rig.client.chat.load);
    shown(caller);
    const started = caller.start(note('older'));
    peer.send({ t: 'error', id: (await peer.next('call')).id, error: { code: 'FORBIDDEN', message: 'no' } });
    expect(await started).toBe(false);
    await until(() => caller.state.get().error);
    expect(caller.state.get()).toMatchObject({ isPending: false, error: { code: 'FORBIDDEN' } });
    void caller.start(note('again'));
    await until(() => caller.state.get().isPending);
    expect(caller.state.get().error).toBeUndefined();
  });

  it('shows the newest items of a call, also of one that is resumed', async () => {
    const caller = createCaller(rig.client.chat.watch, { maxItems: 2 });
    shown(caller);
    const started = caller.follow(rig.client.chat.watch.resume('y'.repeat(22)));
    const { id } = await peer.next('attach');
    for (const n of [1, 2, 3]) item(id, n);
    await until(() => caller.state.get().items.length === 2 && caller.state.get().items[1]!.text === '3');
    peer.send({ t: 'end', call: id });
    expect(await started).toBe(true);
    await until(() => !caller.state.get().isPending);

    expect(textsOf(caller.state.get().items)).toEqual(['2', '3']);
  });

  it('leaves a call with items when the next one starts', async () => {
    const caller = createCaller(rig.client.chat.watch);
    shown(caller);
    const first = caller.start(note('a'));
    const { id } = await peer.next('call');
    item(id, 1);
    await until(() => caller.state.get().items.length);
    void caller.start(note('b'));
    const frames = [await peer.frames.take(), await peer.frames.take()];
    expect(frames.map(({ t }) => t).toSorted()).toEqual(['call', 'detach']);
    expect(await first).toBe(true);
    await until(() => !caller.state.get().items.length);
    expect(caller.state.get().isPending).toBe(true);
  });

  it('leaves a call with items after its last subscriber, also before the first item', async () => {
    const caller = createCaller(rig.client.chat.watch, { keepMs: 0 });
    const leave = caller.state.subscribe(() => {});
    void caller.start(note('a'));
    const { id } = await peer.next('call');
    leave();
    await new Promise((resolve) => setTimeout(resolve));
    await new Promise((resolve) => setTimeout(resolve));
    item(id, 1);
    expect(await peer.next('detach')).toEqual({ t: 'detach', call: id });
  });

  it('lets a call with a reply go on after its last subscriber', async () => {
    const caller = createCaller(rig.client.chat.load, { keepMs: 0 });
    const leave = caller.state.subscribe(() => {});
    const started = caller.start(note('save'));
    const { id } = await peer.next('call');
    leave();
    await new Promise((resolve) => setTimeout(resolve));
    await new Promise((resolve) => setTimeout(resolve));
    peer.send({ t: 'reply', call: id });
    expect(await started).toBe(true);
  });

  it('goes on when a subscriber returns in time, as in the strict mode of React', async () => {
    const caller = createCaller(rig.client.chat.watch);
    caller.state.subscribe(() => {})();
    shown(caller);
    void caller.start(note('a'));
    const { id } = await peer.next('call');
    item(id, 1);
    await until(() => caller.state.get().items.length);
    peer.send({ t: 'ping' });
    await peer.next('pong');
  });

  it('cancels its call', async () => {
    const caller = createCaller(rig.client.chat.watch);
    shown(caller);
    await caller.cancel();
    const started = caller.start(note('a'));
    await peer.next('call');
    const cancelled = caller.cancel();
    const { call } = (await peer.next('cancel')) as { call: number };
    peer.send({ t: 'error', id: call, error: { code: 'CANCELLED', message: 'cancelled' } });
    await cancelled;

    expect(await started).toBe(false);
    await until(() => caller.state.get().error);
    expect(caller.state.get().error).toMatchObject({ code: 'CANCELLED' });
  });
});
