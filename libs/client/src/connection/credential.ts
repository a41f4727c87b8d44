import type { AuthRequest, ResolvedOptions } from '../client-options.js';

/** Asks for a credential; null where there is none. */
export async function credentialOf(
  { auth }: ResolvedOptions,
  reason: AuthRequest['reason'],
): Promise<string | null> {
  return (await auth?.({ reason })) ?? null;
}
