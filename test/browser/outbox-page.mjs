// The script of a page that sends messages, and keeps them in the way that its address names.
import { createStreamClient, openOutbox } from '@nestwire/client';
import { create, StreamMessage } from '@nestwire/protocol';

const { location, localStorage } = /** @type {any} */ (globalThis);
const query = new URLSearchParams(location.search);
const mode = query.get('mode') ?? 'outbox';
const outcomes = [];
const warnings = [];

/** @type {new (...args: any[]) => any} */
const Order = class Order {};
StreamMessage('browser.order')(Order);

/** A WebSocket that hears no answer: the server has handled what the page does not know of. */
class DeafWebSocket extends /** @type {any} */ (WebSocket) {
  set onmessage(listener) {
    super.onmessage = (event) => event.data.includes('"t":"ack"') || listener?.(event);
  }
}

const told = ({ message, error }) =>
  outcomes.push(error ? `${message.number} ${error.code}` : message.number);
const outbox =
  mode === 'outbox'
    ? await openOutbox({ onOutcome: told, onWarning: (text) => warnings.push(text) })
    : undefined;
const client = createStreamClient()({
  url: `ws://127.0.0.1:${query.get('port')}/streams`,
  messages: [Order],
  outbox,
  minRetryMs: 20,
  maxRetryMs: 50,
  ...(query.has('deaf') && { webSocket: /** @type {any} */ (DeafWebSocket) }),
});

/** Sends a message that has to arrive; resolves when it is answered. */
async function order(number) {
  const message = create(Order, { number });
  if (mode !== 'naive')
    return client.orders.sendStreamMessage(message, outbox ? { durable: true } : { offline: 'queue' });
  const kept = () => JSON.parse(localStorage.getItem('kept') ?? '[]');
  localStorage.setItem('kept', JSON.stringify([...new Set([...kept(), number])]));
  await client.orders.sendStreamMessage(message, { offline: 'queue' });
  localStorage.setItem('kept', JSON.stringify(kept().filter((other) => other !== number)));
}

/** Milliseconds that one message takes on average, each sent after the answer to the last. */
async function measure(count) {
  const start = performance.now();
  for (let number = 0; number < count; number++) await order(number);
  return (performance.now() - start) / count;
}

Object.assign(globalThis, { client, outbox, order, measure, outcomes, warnings });
if (mode === 'naive')
  for (const number of JSON.parse(localStorage.getItem('kept') ?? '[]')) void order(number);
void client.connectWebSocket();
