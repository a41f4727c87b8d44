import { randomUUID } from 'node:crypto';
import type { ChatDatabase } from './chat-database.js';
import { sharedNow } from './clock.js';

/** The right of one process to do a task, stored in the database until it expires. */
export class Lease {
  private readonly holder = randomUUID();

  constructor(
    private readonly database: ChatDatabase,
    private readonly settings: { readonly name: string; readonly durationMs: number },
  ) {}

  /** Takes or extends the lease; resolves to false while another process has it. */
  async acquire(): Promise<boolean> {
    const { name, durationMs } = this.settings;
    return this.database.transaction(async (queries) => {
      const now = await sharedNow(queries, this.database.kind);
      const taken = await queries
        .insertInto('leases')
        .values({ name, holder: this.holder, expires_at: now + durationMs })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet({ holder: this.holder, expires_at: now + durationMs })
            .where((eb) => eb.or([eb('leases.holder', '=', this.holder), eb('leases.expires_at', '<', now)])),
        )
        .returning('holder')
        .execute();
      return taken.length > 0;
    });
  }

  /** Gives the lease back, if this process has it. */
  async release(): Promise<void> {
    const { name } = this.settings;
    await this.database.transaction((queries) =>
      queries.deleteFrom('leases').where('name', '=', name).where('holder', '=', this.holder).execute(),
    );
  }
}
