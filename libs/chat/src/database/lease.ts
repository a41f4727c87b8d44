import { sql } from 'kysely';
import { randomUUID } from 'node:crypto';
import type { ChatDatabase, Queries } from './chat-database.js';

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
      const now = await this.now(queries);
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

  /** Reads the clock of the database server, which all processes share; SQLite has that of the machine. */
  private async now(queries: Queries): Promise<number> {
    if (this.database.kind === 'sqlite') return Date.now();
    const { rows } = await sql<{ now_at: number }>`
      SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_at`.execute(queries);
    return Number(rows[0]!.now_at);
  }
}
