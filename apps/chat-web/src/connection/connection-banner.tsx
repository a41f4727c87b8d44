import type { ConnectionStatus } from '@nestwire/client';
import { useConnectionStatus, useStreamClient } from '@nestwire/client/react';
import { useEffect, useState } from 'react';
import { useSecondsUntil } from './use-seconds-until.js';
import './connection-banner.css';

const GRACE_MS = 1_200;

/** Tells that the connection is lost, and when the next attempt is. It waits a moment, so that it does not flicker. */
export function ConnectionBanner() {
  const status = useConnectionStatus();
  const isLate = useIsLate(status);
  if (status.kind === 'connected' || (!isLate && status.kind !== 'closed')) return null;
  return (
    <div className="connection-banner" role="status" data-kind={status.kind}>
      <span>{wordsFor(status)}</span>
      {status.kind === 'waiting' && <Countdown retryAt={status.retryAt} />}
    </div>
  );
}

function wordsFor(status: ConnectionStatus): string {
  switch (status.kind) {
    case 'waiting':
      return 'No connection. What you write is kept and sent later.';
    case 'closed':
      return `The connection is closed: ${status.reason || status.code}`;
    default:
      return 'Connecting…';
  }
}

/** Counts down to the next attempt; hidden from screen readers, which would read each second. */
function Countdown({ retryAt }: { readonly retryAt: number }) {
  const seconds = useSecondsUntil(retryAt);
  const client = useStreamClient();
  return (
    <>
      <span aria-hidden="true" className="countdown">
        {seconds > 0 ? `Next try in ${seconds} s` : 'Trying now…'}
      </span>
      <button
        type="button"
        className="link"
        onClick={() => void client.connectWebSocket().catch(() => undefined)}
      >
        Try now
      </button>
    </>
  );
}

function useIsLate({ kind }: ConnectionStatus): boolean {
  const isConnected = kind === 'connected';
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (isConnected) return undefined;
    const timer = setTimeout(() => setLate(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, [isConnected]);
  return isLate;
}
