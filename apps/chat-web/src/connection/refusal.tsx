import { useConnectionStatus, useStreamClient } from '@nestwire/client/react';
import type { CodedError } from '@nestwire/protocol';

const ASK_A_MEMBER = 'Ask a member to invite you, or choose another room.';
const REMEDIES: Readonly<Record<string, string>> = {
  CHAT_NOT_FOUND: ASK_A_MEMBER,
  CHAT_FORBIDDEN: ASK_A_MEMBER,
  evicted: ASK_A_MEMBER,
  UNAUTHENTICATED: 'Sign out, and sign in again.',
};

/** Tells why the server has refused or ended a stream, and what the user can do. */
export function Refusal({ error: { code, message } }: { readonly error: CodedError }) {
  const client = useStreamClient();
  const isClosed = useConnectionStatus().kind === 'closed';
  return (
    <div className="panel-note" role="alert">
      <p className="refused">{code === 'evicted' ? 'You are no longer a member of this room.' : message}</p>
      {isClosed ? (
        <button
          type="button"
          className="link"
          onClick={() => void client.connectWebSocket().catch(() => undefined)}
        >
          Connect again
        </button>
      ) : (
        <p className="hint">{REMEDIES[code] ?? 'Load the page again.'}</p>
      )}
    </div>
  );
}
