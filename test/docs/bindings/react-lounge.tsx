// The members and the typing signs of docs/bindings.md for React.
// #region client
import { createStreamClient } from '@nestwire/client';
import {
  PresenceJoined,
  PresenceLeft,
  PresenceMembers,
  PresenceUpdated,
  type WatchedMember,
} from '@nestwire/protocol';
import type { LoungeStreams } from './lounge-endpoint.js';
import { IsTyping, KeyPressed } from './lounge-messages.js';

const client = createStreamClient<LoungeStreams>()({
  url: `ws://${location.host}/streams`,
  messages: [KeyPressed, IsTyping, PresenceMembers, PresenceJoined, PresenceUpdated, PresenceLeft],
});
// #endregion client

// #region components
import { useLatest, usePresence, useStreamClient } from '@nestwire/client/react';
import { useEffect, useState } from 'react';

const SHOWN_MS = 3_000;

/** The server joins with `{ name }`. */
const nameOf = ({ data }: WatchedMember) => (data as { name: string }).name;

export function Members() {
  const { lounge } = useStreamClient<typeof client>();
  const { members, isComplete } = usePresence(lounge.stream, 'lounge');
  if (!isComplete) return null;
  return <p>In the lounge: {members.map(nameOf).join(', ')}</p>;
}

/** Shows who typed last, until nothing has arrived for three seconds. */
export function TypingSign({ ownId }: { readonly ownId: string }) {
  const { typing } = useStreamClient<typeof client>();
  const latest = useLatest(typing.stream, IsTyping);
  const [outdated, setOutdated] = useState<IsTyping>();
  useEffect(() => {
    const timer = setTimeout(() => setOutdated(latest), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [latest]);
  if (!latest || latest === outdated || latest.userId === ownId) return null;
  return <p>{latest.name} is typing</p>;
}
// #endregion components
