import { createStreamClient } from '@nestwire/client';
import { streamStore } from '@nestwire/client/store';
import { create } from '@nestwire/protocol';
import { firstValueFrom, filter, map, type Observable } from 'rxjs';
import { startApp, stopAll } from '../e2e/start-app.js';
import { until } from '../rig/until.js';
import { ChatEndpoint, type AppStreams } from './quick-start/chat-endpoint.js';
import { ChatMessage } from './quick-start/chat-message.js';
import { observableOf, svelteStore } from './stores.js';

afterEach(stopAll);

/** Starts the application of the quick start; returns its texts as a store, and the means to say one. */
async function chatOf() {
  const app = await startApp({ providers: [ChatEndpoint] });
  const client = createStreamClient<AppStreams>()({
    url: `ws://127.0.0.1:${app.port}/streams`,
    messages: [ChatMessage],
  });
  await client.connectWebSocket();
  const add = (all: readonly string[], { text }: ChatMessage): readonly string[] => [...all, text];
  return {
    texts: streamStore(client.chat.stream, add, []),
    say: (text: string) => client.chat.sendStreamMessage(create(ChatMessage, { author: 'Ada', text })),
    close: () => client.close(),
  };
}

/** Does what `toSignal` of Angular does: subscribes at once, and until the component is destroyed. */
function signalOf<T>(source: Observable<T>, { initialValue }: { initialValue: T }) {
  let value = initialValue;
  const subscription = source.subscribe((next) => (value = next));
  return Object.assign(() => value, { destroy: () => subscription.unsubscribe() });
}

describe('The store of Svelte on the page on bindings', () => {
  it('calls back at once with the value, and after each change', async () => {
    const { texts, say, close } = await chatOf();
    const seen: Array<readonly string[]> = [];

    const leave = svelteStore(texts).subscribe(({ state }) => seen.push(state));
    expect(seen).toEqual([[]]);
    await say('one');
    await until(() => seen.at(-1)?.length === 1);
    await say('two');
    await until(() => seen.at(-1)?.length === 2);

    expect(seen).toEqual([[], ['one'], ['one', 'two']]);
    leave();
    await close();
  });

  it('calls back no more after the function that it returned, and others go on', async () => {
    const { texts, say, close } = await chatOf();
    const store = svelteStore(texts);
    const counts = { left: 0, kept: 0 };
    const leave = store.subscribe(() => counts.left++);
    const stay = store.subscribe(() => counts.kept++);
    await say('one');
    await until(() => counts.left === 2 && counts.kept === 2);

    leave();
    await say('two');
    await until(() => counts.kept === 3);

    expect(counts.left).toBe(2);
    stay();
    await close();
  });
});

describe('The Observable of Angular on the page on bindings', () => {
  it('gives a signal the initial value, and each change until the component is destroyed', async () => {
    const { texts, say, close } = await chatOf();
    const stay = texts.subscribe(() => undefined);

    const signal = signalOf(observableOf(texts), { initialValue: texts.initial });
    expect(signal().state).toEqual([]);
    await say('one');
    await until(() => signal().state.length === 1);
    signal.destroy();
    await say('two');
    await until(() => texts.get().state.length === 2);

    expect(signal().state).toEqual(['one']);
    stay();
    await close();
  });

  it('carries each state to a pipe of RxJS', async () => {
    const { texts, say, close } = await chatOf();
    const observed = firstValueFrom(
      observableOf(texts).pipe(
        map(({ state }) => state),
        filter(({ length }) => length === 2),
      ),
    );

    await say('one');
    await say('two');

    expect(await observed).toEqual(['one', 'two']);
    await close();
  });
});
