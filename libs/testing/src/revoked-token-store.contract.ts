import { brokerWith } from './broker-with.js';
import {
  MAX_REVOKED_SUBJECTS,
  requiredGeneration,
  type Broker,
  type RevokedTokenStore,
} from '@nestwire/messages/backend';

/** How far a list of revoked tokens is shared. */
export interface RevokedTokenStoreTraits {
  /** True when successively opened backends belong to one cluster. */
  readonly cluster: boolean;
}

const TTL_MS = 60_000;

/**
 * Describes a store of revoked tokens; runs under jest and what has its globals.
 *
 * @param open makes a messages backend that has not been started
 */
export function describeRevokedTokenStore(
  name: string,
  open: () => Broker | Promise<Broker>,
  { cluster }: RevokedTokenStoreTraits,
): void {
  describe(`${name} as a store of revoked tokens`, () => {
    const backends: Broker[] = [];
    let holders = 0;
    const newHolder = () => `u${holders % 10}${process.pid}-${++holders}-${String(Math.random()).slice(2)}`;

    const start = async (): Promise<RevokedTokenStore> => {
      const backend = brokerWith(await open(), 'revokedTokens');
      backends.push(backend);
      await backend.start({ receive: () => undefined, statusChanged: () => undefined });
      return backend.revokedTokens;
    };

    afterEach(async () => {
      await Promise.all(backends.splice(0).map((backend) => backend.close()));
    });

    it('requires the floor of its shard of a holder nothing of whom is revoked', async () => {
      const store = await start();
      const holder = newHolder();
      const { floor } = await store.read(holder.slice(0, 2), TTL_MS);

      expect(requiredGeneration(await store.read(holder, TTL_MS), 'a')).toBe(floor);
    });

    it('requires a later generation with each revocation, of what was revoked alone', async () => {
      const store = await start();
      const holder = newHolder();
      const { floor } = await store.read(holder, TTL_MS);
      const first = await store.revoke({ holder, subjects: ['a', 'b'], ttlMs: TTL_MS });
      const second = await store.revoke({ holder, subjects: ['a'], ttlMs: TTL_MS });
      const read = await store.read(holder, TTL_MS);

      expect(requiredGeneration(first, 'a')).toBeGreaterThan(floor);
      expect(requiredGeneration(second, 'a')).toBeGreaterThan(requiredGeneration(first, 'a'));
      expect(requiredGeneration(second, 'b')).toBe(requiredGeneration(first, 'b'));
      expect(requiredGeneration(read, 'a')).toBe(requiredGeneration(second, 'a'));
      expect(requiredGeneration(read, 'c')).toBe(floor);
    });

    it('gives each of many revocations at once a generation of its own', async () => {
      const store = await start();
      const holder = newHolder();
      const all = await Promise.all(
        Array.from({ length: 20 }, () => store.revoke({ holder, subjects: ['a'], ttlMs: TTL_MS })),
      );

      expect(new Set(all.map((revoked) => requiredGeneration(revoked, 'a'))).size).toBe(20);
    });

    it('voids all tokens of a holder of whom it would have to remember too much', async () => {
      const store = await start();
      const holder = newHolder();
      const subjects = Array.from({ length: MAX_REVOKED_SUBJECTS }, (_, number) => `s${number}`);
      const { floor } = await store.read(holder, TTL_MS);
      const full = await store.revoke({ holder, subjects, ttlMs: TTL_MS });
      const over = await store.revoke({ holder, subjects: ['one-more'], ttlMs: TTL_MS });

      expect(requiredGeneration(full, 'other')).toBe(floor);
      expect(requiredGeneration(over, 'other')).toBeGreaterThan(requiredGeneration(full, 's0'));
      expect(requiredGeneration(await store.read(holder, TTL_MS), 's1')).toBe(
        requiredGeneration(over, 'other'),
      );
    });

    it('forgets what is older than tokens live', async () => {
      const store = await start();
      const holder = newHolder();
      const { floor } = await store.read(holder, TTL_MS);
      await store.revoke({ holder, subjects: ['a'], ttlMs: 1 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      const later = await store.revoke({ holder, subjects: ['b'], ttlMs: 1 });

      expect(requiredGeneration(later, 'b')).toBeGreaterThan(floor);
      expect(requiredGeneration(later, 'a')).toBe(later.floor);
    });

    if (cluster)
      it('is one for all processes of the cluster', async () => {
        const [one, other] = [await start(), await start()];
        const holder = newHolder();
        const revoked = await one.revoke({ holder, subjects: ['a'], ttlMs: TTL_MS });

        expect(requiredGeneration(await other.read(holder, TTL_MS), 'a')).toBe(
          requiredGeneration(revoked, 'a'),
        );
      });
  });
}
