import type { ChatDatabase } from '../database/chat-database.js';
import { isGuestId } from '../policy/chat-actor.js';
import type { ChatProfile, ChatUsers } from './chat-users.js';

/** The most users that a search sends. */
const MAX_FOUND = 20;

/** Looks up the public parts of users and guests. */
export class ChatProfiles {
  constructor(
    private readonly users: ChatUsers,
    private readonly database: ChatDatabase,
  ) {}

  /** Looks up profiles, each id once, and keeps only the public fields. */
  async of(tenant: string, ids: Iterable<string | null>): Promise<ReadonlyMap<string, ChatProfile>> {
    const wanted = [...new Set(ids)].filter((id): id is string => id !== null);
    if (wanted.length === 0) return new Map();
    const found = await this.users.findMany(wanted, tenant);
    const guests = await this.guests(tenant, wanted.filter(isGuestId));
    return new Map([...guests, ...found].map((profile) => [profile.id, publicPart(profile)]));
  }

  /** Looks up one profile; without one, the name is the id. */
  async one(tenant: string, id: string): Promise<ChatProfile> {
    return (await this.of(tenant, [id])).get(id) ?? { id, name: id };
  }

  /** Finds users by a part of their name; none without a search of the application. */
  async find(tenant: string, text: string): Promise<ChatProfile[]> {
    const found = (await this.users.search?.(text, tenant)) ?? [];
    return found.slice(0, MAX_FOUND).map(publicPart);
  }

  private async guests(tenant: string, ids: readonly string[]): Promise<ChatProfile[]> {
    if (ids.length === 0) return [];
    const rows = await this.database.read((queries) =>
      queries
        .selectFrom('guest_names as g')
        .select(['g.user_id', 'g.name'])
        .where('g.tenant', '=', tenant)
        .where('g.user_id', 'in', ids)
        .execute(),
    );
    const given = new Map(rows.map(({ user_id, name }) => [user_id, name]));
    return ids.map((id) => ({ id, name: this.users.nameOfGuest(id, given.get(id) ?? null) }));
  }
}

function publicPart({ id, name, avatarUrl }: ChatProfile): ChatProfile {
  return {
    id,
    name,
    ...(avatarUrl !== undefined && { avatarUrl }),
    ...(isGuestId(id) && { isGuest: true }),
  };
}
