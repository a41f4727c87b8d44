// Readers of one channel of the chat, each with a connection of its own. Told by their parent what to do.
import 'reflect-metadata';
import { CHAT_MESSAGES, ChatJoined, ChatMessageEvent } from '@nestwire/chat/client';
import { createStreamClient } from '@nestwire/client';
import { answerParent } from '../rig/child.mjs';
import { issueToken } from '../faults/authenticator.mjs';

const HOUR_MS = 3_600_000;
/** The readers that connect at the same time. */
const AT_ONCE = 20;

/** @type {any[]} */
const clients = [];
/** The number of readers that have a post, by its text. @type {Map<string, number>} */
const heard = new Map();
/** @type {Map<string, (atMs: number) => void>} */
const waiting = new Map();

/** Opens readers; resolves to the times of their joins, in milliseconds. */
async function open({ url, count, channelId }) {
  /** @type {number[]} */
  const times = [];
  for (let from = 0; from < count; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, at) => from + at);
    times.push(...(await Promise.all(some.map((at) => join({ url, channelId, user: `u${at + 1}` })))));
  }
  return times;
}

async function join({ url, channelId, user }) {
  const client = /** @type {any} */ (
    createStreamClient()({
      url,
      messages: /** @type {any} */ (CHAT_MESSAGES),
      auth: () => issueToken(user, HOUR_MS),
    })
  );
  clients.push(client);
  await client.connectWebSocket();
  const startedAtMs = performance.now();
  const reader = client.chatChannel({ channelId }).stream[Symbol.asyncIterator]();
  for (;;) {
    const { value } = await reader.next();
    if (!(value instanceof ChatJoined)) continue;
    void read(reader);
    return performance.now() - startedAtMs;
  }
}

async function read(reader) {
  for (;;) {
    const { done, value } = await reader.next();
    if (done) return;
    if (value instanceof ChatMessageEvent) note(value.message.text ?? '');
  }
}

/** @param {string} text */
function note(text) {
  const count = (heard.get(text) ?? 0) + 1;
  heard.set(text, count);
  if (count === clients.length) waiting.get(text)?.(Date.now());
}

/** Resolves when every reader has a post, to the time of the last one, in milliseconds since 1970. */
function hear({ text }) {
  return new Promise((resolve) => waiting.set(text, resolve));
}

async function close() {
  await Promise.all(clients.splice(0).map((client) => client.close()));
}

answerParent({ open, hear, close });
