// The page of docs/stream-tokens.md.
// #region assistant
import { useConnectionStatus } from '@nestwire/client/react';
import type { CodedError } from '@nestwire/protocol';
import { useAnswer } from './use-answer.js';

/** How an answer can end before its last token, for the reader. */
const ENDS: Record<string, string> = {
  CANCELLED: 'You stopped this answer.',
  CALL_TAKEN_OVER: 'Another tab follows this answer.',
  CALL_LOST: 'The server stopped in the middle of this answer.',
  CALL_UNKNOWN: 'This answer is no longer stored.',
};

export function Assistant() {
  const { kind } = useConnectionStatus();
  const { asked, tokens, isPending, error, ask, followHere, stop } = useAnswer();
  const { code = '', message = '' } = (error ?? {}) as Partial<CodedError>;
  const isElsewhere = code === 'CALL_TAKEN_OVER';
  const isFailed = error && !isElsewhere && code !== 'CANCELLED';
  const end = error ? (ENDS[code] ?? message) : `${tokens.length} tokens, complete`;

  return (
    <main>
      <header>
        <h1>Ask the model</h1>
        <span className={`status ${kind}`}>{kind}</span>
      </header>
      {asked && (
        <article aria-busy={isPending}>
          <h2>{asked.text}</h2>
          <p className="answer">{tokens.map(({ text }) => text).join('')}</p>
          <footer>
            <span role="status" className={isFailed ? 'failed' : ''}>
              {isPending ? `${tokens.length} tokens` : end}
            </span>
            {isElsewhere && <button onClick={() => followHere(asked)}>Follow here</button>}
            {(isPending || isElsewhere) && <button onClick={() => void stop(asked)}>Stop</button>}
            {!isPending && !isElsewhere && <button onClick={() => ask(asked.text)}>Ask again</button>}
          </footer>
        </article>
      )}
      <form action={(form) => ask(String(form.get('text')))}>
        <input name="text" placeholder="What is a stream?" aria-label="question" required maxLength={2_000} />
        <button>Ask</button>
      </form>
    </main>
  );
}
// #endregion assistant
