// The state of the page of docs/stream-tokens.md.
// #region hook
import { useCall, useStreamClient } from '@nestwire/client/react';
import { create } from '@nestwire/protocol';
import { useEffect, useState } from 'react';
import type { client } from './client.js';
import { Prompt } from './messages.js';

/** A question, and the id of the call that answers it. */
interface Asked {
  readonly id: string;
  readonly text: string;
}

/** The question of the address: after a reload, or in a copy of the tab. */
function askedBefore(): Asked | undefined {
  const { id, text } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  return id && text ? { id, text } : undefined;
}

export function useAnswer() {
  const { generate } = useStreamClient<typeof client>().ai;
  const { follow, cancel, items, isPending, error } = useCall(generate, { maxItems: Infinity });
  const [asked, setAsked] = useState(askedBefore);

  const ask = (text: string) => {
    const call = generate(create(Prompt, { text }));
    setAsked({ id: call.id, text });
    history.replaceState(null, '', `#${new URLSearchParams({ id: call.id, text })}`);
    void follow(call);
  };

  const followHere = ({ id }: Asked) => void follow(generate.resume(id, { offline: 'queue' }));

  const stop = async (asked: Asked) => {
    if (isPending) return cancel();
    await generate.resume(asked.id).cancel(); // another tab reads the answer
    followHere(asked);
  };

  useEffect(() => {
    const asked = askedBefore();
    if (asked) followHere(asked);
  }, [follow]);

  return { asked, tokens: items, isPending, error, ask, followHere, stop };
}
// #endregion hook
