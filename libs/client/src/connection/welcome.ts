import { DEFAULT_MAX_PAYLOAD_BYTES, type WelcomeFrame } from '@nestwire/protocol';

/** What a server said in `welcome`, with sane values in place of others. */
export interface Welcome {
  readonly user: string | null;
  readonly connection: string;
  /** How long the client waits for the answer to a ping, in milliseconds. */
  readonly pongMs: number;
  /** How long the server may be silent, in milliseconds. */
  readonly silenceMs: number;
  readonly maxPayloadBytes: number;
  readonly maxPendingMessages: number;
}

const DEFAULT_PING_MS = 25_000;
const DEFAULT_PONG_MS = 10_000;
const DEFAULT_MAX_PENDING = 32;
const MAX_INTERVAL_MS = 600_000;

/** Reads a `welcome`; a figure that makes no sense is replaced by its default. */
export function readWelcome(frame: WelcomeFrame): Welcome {
  const pongMs = figure(frame.pongMs, DEFAULT_PONG_MS, MAX_INTERVAL_MS);
  return {
    user: userOf(frame),
    connection: `${frame.connection}`,
    pongMs,
    silenceMs: pongMs + figure(frame.pingMs, DEFAULT_PING_MS, MAX_INTERVAL_MS),
    maxPayloadBytes: figure(frame.maxPayloadBytes, DEFAULT_MAX_PAYLOAD_BYTES),
    maxPendingMessages: figure(frame.maxPendingMessages, DEFAULT_MAX_PENDING),
  };
}

/** Reads the id of the user; null is an anonymous connection. */
export function userOf({ user }: { readonly user: unknown }): string | null {
  return typeof user === 'string' ? user : null;
}

/** Returns a number between 1 and a bound, or the default for anything that is no such number. */
function figure(value: unknown, standard: number, max = Infinity): number {
  return typeof value === 'number' && value >= 1 ? Math.min(value, max) : standard;
}
