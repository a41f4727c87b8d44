import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { startApp, stopAll } from '../e2e/start-app.js';
import { RawSocket, upgradeRequest } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';

@WebSocketGateway({ path: '/gateway' })
class Gateway {
  @SubscribeMessage('shout')
  shout() {}
}

afterEach(stopAll);

// The answer to an unknown path was written to a socket without an error listener, so a client that
// reset its connection meanwhile ended the process.
describe('An upgrade that is reset while it is answered', () => {
  it.each(['/nowhere', '/streams', '/gateway'])('hurts nobody: %s', async (path) => {
    const target = await startApp({ providers: [Gateway] });
    const witness = await RawSocket.hello(target.port);

    for (let round = 0; round < 50; round++) {
      const raw = await RawSocket.connect(target.port);
      raw.send(upgradeRequest({ path, headers: { 'Sec-WebSocket-Key': round % 2 ? 'x' : undefined } }));
      raw.socket.resetAndDestroy();
    }

    witness.sendJson({ t: 'ping' });
    await witness.frame('pong');
    await until(() => target.streams.counters().connections === 1);
  });
});
