import { messagePack } from '@nestwire/protocol/message-pack';
import { startApp, stopAll } from '../e2e/start-app.js';
import { until } from '../rig/until.js';
import { CODECS, FuzzConnection } from './fuzz-connection.mjs';

const CLOSE_FRAME_BYTES = 8;
const MASK_BYTES = 4;

afterEach(stopAll);

// The fuzzer reported "the connection never ended" where its own close frame had been the rest of a half frame.
describe('A connection of the fuzzer that says goodbye behind half a frame', () => {
  it.each([
    ['that the close frame makes whole', CLOSE_FRAME_BYTES],
    ['that stays unfinished', 100],
  ])('ends: %s', async (_name, length) => {
    const options = { codecs: [messagePack], limits: { unfinishedMessageMs: 500 } };
    const target = await startApp({ options });
    const connection = await FuzzConnection.open(target.port, {
      codec: CODECS.msgpack,
      address: '10.0.0.1',
      isCompressed: false,
    });
    const heard: string[] = [];
    connection.onFrame = ({ t }) => void heard.push(t);
    connection.send({ t: 'hello', v: 1 });
    await connection.until(() => heard.includes('welcome'));

    connection.sendHalf(length, MASK_BYTES);
    await connection.sayGoodbye();

    expect(await connection.until(() => connection.isEnded, 5_000)).toBe(true);
    await until(() => target.streams.counters().connections === 0);
  });
});
