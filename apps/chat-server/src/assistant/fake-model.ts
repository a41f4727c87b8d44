import { setTimeout as wait } from 'node:timers/promises';
import { answerTo } from './answers.js';

const TOKEN_MS = 35;

/** Yields the tokens of an answer at the pace of a language model; ends when the signal aborts. */
export async function* tokensFor(question: string, signal?: AbortSignal): AsyncGenerator<string> {
  for (const token of answerTo(question).match(/^\S+|\s+\S+/g) ?? []) {
    await wait(TOKEN_MS, undefined, { signal });
    yield token;
  }
}
