// The language model of docs/stream-tokens.md.
// #region model
import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export abstract class LanguageModel {
  /** Yields the tokens of an answer. Throws when the signal aborts, as the SDKs of vendors do. */
  abstract generate(prompt: string, signal: AbortSignal): AsyncIterable<string>;
}

const SUBJECTS = ['A stream', 'The page', 'A token', 'The server', 'A reader', 'The answer'];
const VERBS = ['waits for', 'follows', 'remembers', 'carries', 'begins with', 'outlives'];
const OBJECTS = ['the next word', 'its reader', 'a question', 'one connection', 'the last token', 'a reload'];
const SENTENCES = 40;

/** Writes about 50 tokens in a second. The same prompt always has the same answer. */
@Injectable()
export class FakeModel extends LanguageModel {
  /** The time between two tokens. */
  tokenMs = 20;

  async *generate(prompt: string, signal: AbortSignal): AsyncGenerator<string> {
    let seed = [...prompt].reduce((hash, char) => Math.imul(hash ^ char.codePointAt(0)!, 16_777_619), 1);
    const oneOf = (texts: readonly string[]) => {
      seed = Math.imul(seed, 1_103_515_245) + 12_345;
      return texts[(seed >>> 16) % texts.length]!;
    };
    for (let sentence = 1; sentence <= SENTENCES; sentence++) {
      const end = sentence % 5 ? '. ' : '.\n\n';
      const text = `${oneOf(SUBJECTS)} ${oneOf(VERBS)} ${oneOf(OBJECTS)}${sentence < SENTENCES ? end : '.'}`;
      for (const token of text.match(/\s?\S+\s*$|\s?\S+/g)!) {
        await wait(this.tokenMs, undefined, { signal });
        yield token;
      }
    }
  }
}
// #endregion model
