// The script of a page that shows what a channel says, and keeps what it has shown in its tab.
import { createStreamClient, PositionStore, sessionPositions } from '@nestwire/client';
import { StreamGap, StreamMessage } from '@nestwire/protocol';

const { location, sessionStorage } = /** @type {any} */ (globalThis);
const query = new URLSearchParams(location.search);
const stopAfter = Number(query.get('stop') ?? Infinity);
const shown = JSON.parse(sessionStorage.getItem('shown') ?? '[]');
const warnings = [];

/** @type {new (...args: any[]) => any} */
const Numbered = class Numbered {};
StreamMessage('browser.numbered')(Numbered);

/** Stores received instead of read positions: the negative control. */
class ReceivedPositions extends PositionStore {
  #streams = new Set();

  load() {
    return JSON.parse(sessionStorage.getItem('received') ?? '[]');
  }

  moved(stream) {
    this.#streams.add(stream);
    const places = [...this.#streams].flatMap(({ name, positions }) =>
      [...positions].flatMap(([channel, { resumeToken, position }]) =>
        resumeToken ? [[name, channel, resumeToken, ...position]] : [],
      ),
    );
    sessionStorage.setItem('received', JSON.stringify(places));
  }

  clear() {}

  changed() {}
}

const stores = {
  none: () => undefined,
  received: () => new ReceivedPositions(),
  session: () => sessionPositions({ writeMs: 50, onWarning: (text) => warnings.push(text) }),
};

const client = createStreamClient()({
  url: `ws://${location.host}/streams`,
  messages: [Numbered, StreamGap],
  positions: stores[query.get('positions') ?? 'session'](),
});

Object.assign(globalThis, { client, shown, warnings });
let taken = 0;
void client.connectWebSocket();
for await (const message of client.numbers.stream) {
  shown.push(message instanceof StreamGap ? message.reason : /** @type {any} */ (message).number);
  try {
    sessionStorage.setItem('shown', JSON.stringify(shown));
  } catch {
    // A test has filled it.
  }
  // It reads no further: what comes waits.
  if (++taken >= stopAfter) await new Promise(() => {});
}
