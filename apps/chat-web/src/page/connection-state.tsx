import type { ConnectionStatus } from '@nestwire/client';
import { useSecondsUntil } from '../hooks/use-seconds-until.js';

/** The connection status in a few words. */
export function ConnectionState({ status }: { status: ConnectionStatus }) {
  return (
    <span className="connection-state" data-kind={status.kind}>
      <span>{wordsFor(status)}</span>
      {status.kind === 'waiting' && <Countdown retryAt={status.retryAt} />}
    </span>
  );
}

function wordsFor(status: ConnectionStatus): string {
  switch (status.kind) {
    case 'idle':
    case 'connecting':
      return 'Connecting…';
    case 'connected':
      return 'Connected';
    case 'waiting':
      return 'Line down. ';
    case 'closed':
      return `Closed: ${status.reason || status.code}`;
  }
}

/** Counts down to the next attempt; hidden from screen readers, which would read each second. */
function Countdown({ retryAt }: { retryAt: number }) {
  const seconds = useSecondsUntil(retryAt);
  return <span aria-hidden="true">{seconds > 0 ? `Next try in ${seconds} s` : 'Trying now…'}</span>;
}
