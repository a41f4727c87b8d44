import { presenceFull } from './presence.errors.js';
import {
  PresenceStore,
  presenceKey,
  type PresenceEntry,
  type PresenceRecord,
  type PresenceSetup,
  type PresenceState,
  type PresenceVersion,
} from './presence-store.js';

const SERVER = 'local';

interface Room {
  readonly epoch: string;
  number: number;
  readonly entries: Map<string, PresenceEntry>;
}

/** Stores the members of channels for one process. */
export class LocalPresenceStore extends PresenceStore {
  private readonly rooms = new Map<string, Room>();
  private setup: PresenceSetup = { leaseMs: 0, maxConnections: Infinity, changed: () => undefined };
  private lives = 0;

  start(setup: PresenceSetup): void {
    this.setup = setup;
  }

  async join(channel: string, record: PresenceRecord): Promise<boolean> {
    const room = this.rooms.get(channel) ?? this.newRoom();
    const present = room.entries.get(record.id);
    if (!present && room.entries.size >= this.setup.maxConnections)
      throw presenceFull(channel, this.setup.maxConnections);
    if (present?.data === record.data && present.userId === record.userId) return true;
    this.rooms.set(channel, room);
    const entry = { ...record, server: SERVER, number: ++room.number };
    room.entries.set(record.id, entry);
    this.setup.changed({ channel, ...versionOf(room), set: [entry], removed: [] });
    return true;
  }

  async leave(channel: string, id: string): Promise<boolean> {
    const room = this.rooms.get(channel);
    if (!room?.entries.delete(id)) return true;
    const removed = [presenceKey({ server: SERVER, id })];
    room.number++;
    this.setup.changed({ channel, ...versionOf(room), set: [], removed });
    if (room.entries.size === 0) this.rooms.delete(channel);
    return true;
  }

  async read(channel: string): Promise<PresenceState> {
    const entries = [...(this.rooms.get(channel)?.entries.values() ?? [])];
    return { ...(await this.version(channel)), entries, lost: new Set() };
  }

  async version(channel: string): Promise<PresenceVersion> {
    const room = this.rooms.get(channel);
    return room ? versionOf(room) : { epoch: '', number: 0 };
  }

  async close(): Promise<void> {
    this.rooms.clear();
  }

  private newRoom(): Room {
    return { epoch: `${++this.lives}`, number: 0, entries: new Map() };
  }
}

function versionOf({ epoch, number }: Room): PresenceVersion {
  return { epoch, number };
}
