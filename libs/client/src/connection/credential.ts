import type { AuthRequest, ResolvedOptions } from '../client-options.js';

/** Calls `auth`; returns null without a credential. */
export async function credentialOf(
  { auth }: ResolvedOptions,
  reason: AuthRequest['reason'],
): Promise<string | null> {
  return (await auth?.({ reason })) ?? null;
}
