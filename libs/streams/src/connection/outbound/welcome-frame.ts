import { PROTOCOL_VERSION, type WelcomeFrame } from '@nestwire/protocol/codec';
import type { ConnectionContext } from '../connection-context.js';
import type { StreamUser } from '../../auth/stream-authenticator.js';

/** The connection of a `welcome`. */
export interface Welcomed {
  readonly id: string;
  readonly user: StreamUser | null;
}

/** Creates the first frame of the server, with the facts that the client needs. */
export function welcomeFrame(
  { id, user }: Welcomed,
  { heartbeat, limits, endpoints }: Pick<ConnectionContext, 'heartbeat' | 'limits' | 'endpoints'>,
): WelcomeFrame {
  return {
    t: 'welcome',
    v: PROTOCOL_VERSION,
    connection: id,
    user: user?.id ?? null,
    pingMs: heartbeat.pingMs,
    pongMs: heartbeat.pongMs,
    maxPayloadBytes: limits.maxPayloadBytes,
    maxPendingMessages: limits.maxPendingMessages,
    resendMs: limits.resendWindowMs,
    callWindow: limits.callWindow,
    callWindowBytes: limits.callWindowBytes,
    maxCalls: limits.maxCalls,
    maxStreams: limits.maxStreams,
    contract: endpoints.contract,
  };
}
