// Messages that a bot of the chat produces piece by piece.
import { chatServer } from '@nestwire/chat';
import { setTimeout as wait } from 'node:timers/promises';
import { wholeTextOf } from './whole-text.mjs';

const BOT = chatServer({ userId: 'bot' });
/** The names of the messages that have begun to grow here. */
const growing = new Set();
/** The last messages of which one is answered. */
const ANSWERED = 5;

/**
 * Lets a message grow until its end; returns its final state.
 *
 * @param {import('@nestwire/chat').ChatService} chat
 * @param {import('./growth-work.js').GrowthOrder} order
 */
export async function growIn(chat, order) {
  const { name, channel, choice, place } = order;
  const { messages } = await chat.history.page(BOT, { channelId: channel, limit: ANSWERED });
  const answered = messages[Math.floor(choice * messages.length)]?.seq;
  const { seq, text, growth } = await chat.messages.grow(
    BOT,
    {
      channelId: channel,
      clientId: name,
      ...(answered !== undefined && { [place === 'thread' ? 'threadSeq' : 'replyTo']: answered }),
    },
    piecesOf(order),
  );
  return { seq, text, state: growth && stateOf(growth) };
}

/**
 * Tells whether a message has begun to grow here.
 *
 * @param {string} name
 */
export function hasGrown(name) {
  return growing.has(name);
}

async function* piecesOf({ name, pieces, restMs, end }) {
  for (const piece of wholeTextOf(name, pieces).split(/(?<= )/)) {
    await wait(restMs);
    growing.add(name);
    yield piece;
  }
  if (end === 'failure') throw new Error('The source fails, as ordered.');
}

function stateOf({ isGrowing, isStopped, isFailed }) {
  return isGrowing ? 'growing' : isStopped ? 'stopped' : isFailed ? 'failed' : 'ended';
}
