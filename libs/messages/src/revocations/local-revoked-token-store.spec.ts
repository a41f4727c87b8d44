import { LocalRevokedTokenStore } from './local-revoked-token-store.js';
import { requiredGeneration } from './revoked-token-store.js';

const TTL_MS = 60_000;

describe('The list of revoked tokens of one process', () => {
  it('raises the floor of all holders when it has no room, and forgets who was revoked first', async () => {
    const store = new LocalRevokedTokenStore({ maxHolders: 2 });
    const first = await store.revoke({ holder: 'u1', subjects: ['a'], ttlMs: TTL_MS });
    const second = await store.revoke({ holder: 'u2', subjects: ['a'], ttlMs: TTL_MS });
    await store.revoke({ holder: 'u3', subjects: ['a'], ttlMs: TTL_MS });

    expect((await store.read('u1')).floor).toBe(requiredGeneration(first, 'a'));
    expect((await store.read('u9')).floor).toBe(requiredGeneration(first, 'a'));
    expect(requiredGeneration(await store.read('u2'), 'a')).toBe(requiredGeneration(second, 'a'));
  });

  it('begins above all that another one of this process, or before it, has required', async () => {
    const first = new LocalRevokedTokenStore();
    const revoked = await first.revoke({ holder: 'u1', subjects: ['a'], ttlMs: TTL_MS });
    const next = new LocalRevokedTokenStore({ beginning: requiredGeneration(revoked, 'a') + 1 });

    expect((await next.read('u1')).floor).toBeGreaterThan(requiredGeneration(revoked, 'a'));
    const again = await next.revoke({ holder: 'u1', subjects: ['a'], ttlMs: TTL_MS });
    expect(requiredGeneration(again, 'a')).toBeGreaterThan((await next.read('u2')).floor);
  });
});
