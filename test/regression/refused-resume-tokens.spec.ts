import { defineChannel } from '@nestwire/messages';
import { StreamEndpoint } from '@nestwire/streams';
import { Note } from '../e2e/messages.js';
import { startApp, stopAll } from '../e2e/start-app.js';
import { jsonFrame, RawSocket } from '../rig/raw-socket.js';

const room = defineChannel('refused-room', { messages: [Note], history: { messages: 10, ageMs: 60_000 } });

@StreamEndpoint('desk')
class DeskEndpoint {}

afterEach(stopAll);

it('A refused resume token is answered once, however often its stream opens', async () => {
  const { port } = await startApp({ providers: [DeskEndpoint] });
  const raw = await RawSocket.upgrade(port);
  const held = [['desk', room('a').name, 'forged', 'e', 1, 'i']];
  raw.sendJson({ t: 'hello', v: 1, resume: held });
  await raw.frame('welcome');

  for (let id = 1; id < 20; id += 2) {
    raw.send(
      Buffer.concat(
        [
          { t: 'open', id, endpoint: 'desk' },
          { t: 'close', id: id + 1, stream: 'desk' },
        ].map(jsonFrame),
      ),
    );
    await raw.frame('closed', id + 1);
  }

  expect(raw.frames.filter(({ t }) => t === 'unsubscribed')).toHaveLength(1);
  expect(raw.frames.filter(({ t }) => t === 'publication')).toHaveLength(1);
});
