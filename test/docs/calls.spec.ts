import { createStreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import type { StreamsOf } from '@nestwire/streams';
import { connected, listen, stopAll, towards } from '../e2e/start-app.js';
import {
  AiEndpoint,
  Chunk,
  CountDown,
  DeskEndpoint,
  DeskModule,
  LoadOlder,
  Page,
  Prompt,
  Tick,
  Token,
  Upload,
  Uploaded,
} from './calls.js';

type Streams = StreamsOf<{ desk: DeskEndpoint; ai: AiEndpoint }>;

afterEach(stopAll);

async function client() {
  const target = await listen({ imports: [DeskModule] });
  const messages = [LoadOlder, Page, CountDown, Tick, Upload, Chunk, Uploaded, Prompt, Token] as const;
  return connected(createStreamClient<Streams>()({ ...towards(target), messages }));
}

describe('docs/calls.md', () => {
  it('shows a method with one reply', async () => {
    const { desk } = await client();

    expect(await desk.loadOlder(create(LoadOlder, { before: 2 }))).toMatchObject({ texts: ['one', 'two'] });
  });

  it('shows a method with a stream of replies', async () => {
    const { desk } = await client();
    const left: number[] = [];

    for await (const tick of desk.countDown(create(CountDown, { from: 100 }))) left.push(tick.left);

    expect(left).toEqual(Array.from({ length: 100 }, (_, at) => 100 - at));
  });

  it('shows a method with items of the client', async () => {
    const { desk } = await client();
    const chunks = ['ab', 'cd', 'e'].map((text) => create(Chunk, { text }));

    const uploaded = await desk.upload(create(Upload, { name: 'a.txt' }), chunks);

    expect(uploaded.characters).toBe(5);
  });

  it('shows a resumable method', async () => {
    const { ai } = await client();
    const words: string[] = [];

    for await (const { text } of ai.generate(create(Prompt, { text: 'one two three' }))) words.push(text);

    expect(words).toEqual(['one', 'two', 'three']);
  });
});
