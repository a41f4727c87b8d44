import type { ChatMessage } from '../../libs/chat/src/client.js';

/** A message in the database. */
interface StoredMessage {
  readonly channel_id: string;
  readonly seq: number;
  readonly revision: number;
  readonly author_id: string | null;
  readonly client_id: string | null;
  readonly text: string | null;
  readonly version: number;
  readonly deleted_at: number | null;
}

/** The tables of the channels of a run. */
export interface StoredChat {
  readonly messages: readonly StoredMessage[];
  /** The former texts of messages. */
  readonly versions: readonly { channel_id: string; seq: number; text: string | null }[];
  readonly reactions: readonly { channel_id: string; seq: number; emoji: string; user_id: string }[];
  readonly members: readonly { channel_id: string; user_id: string; read_seq: number }[];
  /** The number of changes that are not published. */
  readonly outbox: number;
}

/** The pages of a device of a user, with the ledger of its actions. */
export interface DeviceSnapshot {
  readonly name: string;
  readonly user: string;
  readonly ledger: {
    readonly posts: readonly { channel: string; clientId: string; text: string }[];
    readonly edits: readonly { channel: string; seq: number; text: string; isAcknowledged: boolean }[];
    readonly reactions: readonly { channel: string; seq: number; emoji: string }[];
    readonly deletions: readonly { channel: string; seq: number }[];
    readonly reads: Readonly<Record<string, number>>;
  };
  readonly rooms: readonly {
    readonly channel: string;
    readonly status: string;
    readonly unreadCount: number;
    readonly lastReadSeq: number;
    readonly items: readonly { key: string; state: string; code?: string; message: ChatMessage }[];
  }[];
  readonly entries: readonly { channel: string; lastSeq: number; readSeq: number; unreadCount: number }[];
}

/** Returns where the database, the ledgers of the devices and what the devices show differ, at rest. */
export function judgeChat(stored: StoredChat, devices: readonly DeviceSnapshot[]): string[] {
  const problems = stored.outbox ? [`${stored.outbox} changes are not published`] : [];
  for (const { channel } of devices[0]!.rooms) {
    const truth = new ChannelTruth(stored, channel);
    problems.push(...truth.gaps(), ...truth.wrongLedgers(devices));
    for (const device of devices) problems.push(...truth.wrongViews(device));
  }
  return problems;
}

/** One channel in the database. */
class ChannelTruth {
  private readonly messages: readonly StoredMessage[];

  constructor(
    private readonly stored: StoredChat,
    private readonly channel: string,
  ) {
    this.messages = stored.messages.filter(({ channel_id }) => channel_id === channel);
  }

  gaps(): string[] {
    const isWhole = this.messages.every(({ seq }, at) => seq === at + 1);
    return isWhole ? [] : [`${this.channel} has the numbers ${this.messages.map(({ seq }) => seq).join()}`];
  }

  wrongLedgers(devices: readonly DeviceSnapshot[]): string[] {
    const users = [...new Set(devices.map(({ user }) => user))];
    return [
      ...this.wrongPosts(devices),
      ...devices.flatMap((device) => [...this.lostReactions(device), ...this.lostDeletions(device)]),
      ...this.lostEdits(devices),
      ...users.flatMap((user) => this.wrongPointer(user, devices)),
    ];
  }

  wrongViews({ name, user, rooms, entries }: DeviceSnapshot): string[] {
    const view = rooms.find(({ channel }) => channel === this.channel)!;
    const expected = { readSeq: this.readSeqOf(user), unreadCount: this.unreadCountOf(user) };
    const problems: string[] = [];
    const compare = (what: string, seen: unknown, wanted: unknown): void => {
      const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)];
      if (a !== b) problems.push(`${name} shows in ${this.channel} ${what} ${a} instead of ${b}`);
    };
    compare('the status', view.status, 'live');
    compare('the pointer', view.lastReadSeq, expected.readSeq);
    compare('unread messages', view.unreadCount, expected.unreadCount);
    const entry = entries.find(({ channel }) => channel === this.channel);
    compare('the entry', entry, { channel: this.channel, lastSeq: this.messages.length, ...expected });
    const seen = view.items.map(({ state, message }) => [state, ...seenOf(message)].join(' '));
    const wanted = this.messages.map((row) => ['stored', ...this.wantedOf(row)].join(' '));
    for (let at = 0; at < Math.max(seen.length, wanted.length); at++)
      if (seen[at] !== wanted[at]) {
        const where = `at ${at} of ${seen.length}`;
        problems.push(`${name} shows in ${this.channel} ${where} "${seen[at]}" instead of "${wanted[at]}"`);
        break;
      }
    return problems;
  }

  private wrongPosts(devices: readonly DeviceSnapshot[]): string[] {
    const counts = new Map<string, number>();
    for (const { client_id } of this.messages)
      counts.set(client_id ?? 'none', (counts.get(client_id ?? 'none') ?? 0) + 1);
    const problems: string[] = [];
    for (const { name, ledger } of devices)
      for (const { channel, clientId, text } of ledger.posts) {
        if (channel !== this.channel) continue;
        const count = counts.get(clientId) ?? 0;
        if (count !== 1) problems.push(`the post "${text}" of ${name} is stored ${count} times`);
        counts.delete(clientId);
      }
    for (const clientId of counts.keys()) problems.push(`nobody posted the message with the id ${clientId}`);
    return problems;
  }

  private lostReactions({ name, user, ledger }: DeviceSnapshot): string[] {
    return ledger.reactions
      .filter(({ channel, seq }) => channel === this.channel && this.textAt(seq) !== null)
      .filter(({ seq, emoji }) => !this.usersOf(seq, emoji).includes(user))
      .map(({ seq, emoji }) => `the reaction ${emoji} of ${name} to ${this.channel} ${seq} is lost`);
  }

  private lostDeletions({ name, ledger }: DeviceSnapshot): string[] {
    return ledger.deletions
      .filter(({ channel, seq }) => channel === this.channel && this.textAt(seq) !== null)
      .map(({ seq }) => `the deletion of ${this.channel} ${seq} by ${name} is lost`);
  }

  /** An acknowledged edit is stored; after a change of the server, the client may have sent it again. */
  private lostEdits(devices: readonly DeviceSnapshot[]): string[] {
    const texts = new Set([...this.messages, ...this.versionsOf()].map(({ seq, text }) => `${seq}: ${text}`));
    return devices
      .flatMap(({ ledger }) => ledger.edits)
      .filter(({ channel, isAcknowledged }) => channel === this.channel && isAcknowledged)
      .filter(({ seq, text }) => !texts.has(`${seq}: ${text}`))
      .map(({ seq, text }) => `the edit of ${this.channel} ${seq} to "${text}" is lost`);
  }

  private wrongPointer(user: string, devices: readonly DeviceSnapshot[]): string[] {
    const own = devices.filter((device) => device.user === user);
    const furthest = Math.max(0, ...own.map(({ ledger }) => ledger.reads[this.channel] ?? 0));
    const stored = this.readSeqOf(user);
    return stored === furthest
      ? []
      : [`the pointer of ${user} in ${this.channel} is ${stored} instead of ${furthest}`];
  }

  private wantedOf({ seq, revision, version, text }: StoredMessage): readonly unknown[] {
    const emojis = [...new Set(this.reactionsOf(seq).map(({ emoji }) => emoji))].toSorted();
    const reactions = emojis.map((emoji) => `${emoji}${this.usersOf(seq, emoji).toSorted().join()}`);
    return [seq, revision, version, text, ...reactions];
  }

  private textAt(seq: number): string | null {
    return this.messages[seq - 1]?.text ?? null;
  }

  private versionsOf() {
    return this.stored.versions.filter(({ channel_id }) => channel_id === this.channel);
  }

  private reactionsOf(seq: number) {
    return this.stored.reactions.filter((row) => row.channel_id === this.channel && row.seq === seq);
  }

  private usersOf(seq: number, emoji: string): string[] {
    return this.reactionsOf(seq).flatMap((row) => (row.emoji === emoji ? [row.user_id] : []));
  }

  private readSeqOf(user: string): number {
    const own = this.stored.members.find((row) => row.channel_id === this.channel && row.user_id === user);
    return own?.read_seq ?? -1;
  }

  private unreadCountOf(user: string): number {
    const readSeq = this.readSeqOf(user);
    return this.messages.filter(
      ({ seq, author_id, deleted_at }) => seq > readSeq && author_id !== user && deleted_at === null,
    ).length;
  }
}

function seenOf({ seq, revision, version, text, reactions }: ChatMessage): readonly unknown[] {
  const sorted = reactions.toSorted((a, b) => (a.emoji < b.emoji ? -1 : 1));
  return [
    ...[seq, revision, version, text],
    ...sorted.map(({ emoji, userIds }) => `${emoji}${userIds.toSorted().join()}`),
  ];
}
