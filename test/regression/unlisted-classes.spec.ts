// The server's libraries load it too; here it matters that the client has it.
import '@nestwire/protocol/class-transformer';
import { createStreamClient } from '@nestwire/client';
import { OnStreamOpened, StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';
import { Note, note, task, type Task } from '../e2e/messages.js';
import { collect, connected, startApp, stopAll, towards } from '../e2e/start-app.js';
import { until } from '../rig/until.js';

@StreamEndpoint('news')
class NewsEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note | Task>): Promise<void> {
    await session.sendStreamMessage(task('of a newer server'));
    await session.sendStreamMessage(note('known'));
  }
}

afterEach(stopAll);

describe('A message whose class the client does not list', () => {
  it('is ignored, counted and named, also with class-transformer in the page', async () => {
    const app = await startApp({ providers: [NewsEndpoint] });
    const warnings: string[] = [];
    const onWarning = (...texts: unknown[]) => void warnings.push(texts.map(String).join(' '));
    const options = { ...towards(app), messages: [Note], onWarning };
    const client = await connected(createStreamClient<StreamsOf<{ news: NewsEndpoint }>>()(options as never));
    const { stream } = (
      client as unknown as { news: { stream: AsyncIterable<object> & { ignored: number } } }
    ).news;
    const got = collect(stream);

    await until(() => got.length > 0);
    expect(got).toEqual([note('known')]);
    expect(got[0]).toBeInstanceOf(Note);
    expect(stream.ignored).toBe(1);
    expect(warnings.join()).toMatch(/e2e\.task is not in messages: add its class/);
  });
});
