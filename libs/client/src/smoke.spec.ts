import { create, StreamMessage } from '@nestwire/protocol';
import { ScriptedServer } from '../spec/scripted-server.js';
import { createStreamClient } from './index.node.js';

@StreamMessage('smoke.note')
class Note {
  declare readonly $type: 'smoke.note';
  text = '';
}

it('talks', async () => {
  const server = await ScriptedServer.listen();
  const client = createStreamClient<{ chat: { in: Note; out: Note } }>()({
    url: server.url,
    messages: [Note],
    auth: () => 'alice',
  });
  const connecting = client.connectWebSocket();
  const peer = await server.welcome();
  await connecting;
  expect(client.connectionStatus).toMatchObject({ kind: 'connected', user: 'alice' });
  const sent = client.chat.sendStreamMessage(create(Note, { text: 'hi' }));
  await peer.open();
  const m = await peer.next('message');
  expect(m).toMatchObject({ endpoint: 'chat', type: 'smoke.note', data: { text: 'hi' } });
  peer.send({ t: 'message', endpoint: 'chat', type: 'smoke.note', data: { text: 'yo' } });
  peer.send({ t: 'ack', endpoint: 'chat', id: m.id });
  await sent;
  for await (const note of client.chat.stream) {
    expect(note).toBeInstanceOf(Note);
    expect(note.text).toBe('yo');
    break;
  }
  await client.close();
  expect(await peer.closed).toBe(1000);
  await server.close();
});
