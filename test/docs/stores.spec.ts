import { createStreamClient } from '@nestwire/client';
import { streamStore } from '@nestwire/client/store';
import { create } from '@nestwire/protocol';
import { firstValueFrom, filter, map } from 'rxjs';
import { startApp, stopAll } from '../e2e/start-app.js';
import { until } from '../rig/until.js';
import { ChatEndpoint, type AppStreams } from './quick-start/chat-endpoint.js';
import { ChatMessage } from './quick-start/chat-message.js';
import { observableOf, svelteStore } from './stores.js';

describe('The stores of the page on bindings', () => {
  afterEach(stopAll);

  it('carry the state of a stream to Svelte and to Angular', async () => {
    const app = await startApp({ providers: [ChatEndpoint] });
    const client = createStreamClient<AppStreams>()({
      url: `ws://127.0.0.1:${app.port}/streams`,
      messages: [ChatMessage],
    });
    await client.connectWebSocket();
    const texts = streamStore(
      client.chat.stream,
      (all: readonly string[], { text }: ChatMessage) => [...all, text],
      [],
    );
    const seen: number[] = [];

    const leave = svelteStore(texts).subscribe(({ state }) => seen.push(state.length));
    const observed = firstValueFrom(
      observableOf(texts).pipe(
        map(({ state }) => state),
        filter(({ length }) => length === 2),
      ),
    );
    for (const text of ['one', 'two'])
      await client.chat.sendStreamMessage(create(ChatMessage, { author: 'Ada', text }));

    expect(await observed).toEqual(['one', 'two']);
    await until(() => seen.at(-1) === 2);
    expect(seen[0]).toBe(0);
    leave();
    await client.close();
  });
});
