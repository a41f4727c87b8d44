/** How many tasks run at a time. */
export interface FairQueueBounds {
  /** @default Infinity */
  readonly max?: number;
  readonly maxPerShare: number;
  /** @default `maxPerShare` */
  readonly maxPerMember?: number;
}

/** Where a task stands in line: a share, and a member of it. */
export interface QueuePlace {
  readonly share: string;
  readonly member: string;
}

/** Begins a task; it runs until `release` is called, once or more. */
export type BeginTask = (release: () => void) => void;

interface Member {
  running: number;
  readonly waiting: BeginTask[];
}

interface Share {
  running: number;
  readonly members: Map<string, Member>;
  /** The names of members that wait, the next one first. */
  readonly line: Set<string>;
}

/**
 * Runs tasks within bounds for all, for each share and for each member of it.
 *
 * Tasks that have to wait begin in turn: shares one after the other, and in each its members one after
 * the other. A share with many tasks delays another one by its running tasks alone. A task for which
 * there is room begins at once.
 */
export class FairQueue {
  private readonly shares = new Map<string, Share>();
  /** The names of shares that wait, the next one first. */
  private readonly line = new Set<string>();
  private readonly limits: Required<FairQueueBounds>;
  private running = 0;
  private waitingTasks = 0;

  constructor({ max = Infinity, maxPerShare, maxPerMember = maxPerShare }: FairQueueBounds) {
    this.limits = { max, maxPerShare, maxPerMember };
  }

  /** How many tasks wait. */
  get waiting(): number {
    return this.waitingTasks;
  }

  /** Begins a task at once, or in its turn. */
  start(place: QueuePlace, begin: BeginTask): void {
    const share = this.shareOf(place.share);
    const member = memberOf(share, place.member);
    if (this.running < this.limits.max && this.admits(share, member)) return this.begin(place, begin);
    member.waiting.push(begin);
    share.line.add(place.member);
    this.line.add(place.share);
    this.waitingTasks++;
  }

  /** Runs an asynchronous task at once, or in its turn; settles as the task does. */
  run<T>(place: QueuePlace, task: () => T | Promise<T>): Promise<T> {
    const settle = async (): Promise<T> => task();
    return new Promise<T>((resolve) => this.start(place, (release) => resolve(settle().finally(release))));
  }

  private admits(share: Share, member: Member): boolean {
    return share.running < this.limits.maxPerShare && member.running < this.limits.maxPerMember;
  }

  private begin(place: QueuePlace, begin: BeginTask): void {
    const share = this.shareOf(place.share);
    const member = memberOf(share, place.member);
    this.running++;
    share.running++;
    member.running++;
    let isReleased = false;
    begin(() => {
      if (isReleased) return;
      isReleased = true;
      this.running--;
      share.running--;
      member.running--;
      this.forgetIdle(place, share, member);
      this.beginNext();
    });
  }

  /** Begins what waits, as long as there is room for it. */
  private beginNext(): void {
    while (this.running < this.limits.max) {
      const place = this.nextPlace();
      if (!place) return;
      const begin = this.takeWaiting(place);
      this.begin(place, begin);
    }
  }

  /** Those that are passed over have running tasks, so there are few of them. */
  private nextPlace(): QueuePlace | undefined {
    for (const name of this.line) {
      const share = this.shares.get(name)!;
      if (share.running >= this.limits.maxPerShare) continue;
      for (const member of share.line)
        if (share.members.get(member)!.running < this.limits.maxPerMember) return { share: name, member };
    }
    return undefined;
  }

  /** Takes a task out; its member and its share go to the end of their lines. */
  private takeWaiting({ share: name, member: memberName }: QueuePlace): BeginTask {
    const share = this.shares.get(name)!;
    const member = share.members.get(memberName)!;
    const begin = member.waiting.shift()!;
    this.waitingTasks--;
    share.line.delete(memberName);
    if (member.waiting.length) share.line.add(memberName);
    this.line.delete(name);
    if (share.line.size) this.line.add(name);
    return begin;
  }

  private shareOf(name: string): Share {
    const share = this.shares.get(name) ?? { running: 0, members: new Map(), line: new Set() };
    this.shares.set(name, share);
    return share;
  }

  private forgetIdle(place: QueuePlace, share: Share, member: Member): void {
    if (!member.running && !member.waiting.length) share.members.delete(place.member);
    if (!share.members.size) this.shares.delete(place.share);
  }
}

function memberOf(share: Share, name: string): Member {
  const member = share.members.get(name) ?? { running: 0, waiting: [] };
  share.members.set(name, member);
  return member;
}
