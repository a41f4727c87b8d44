/** The concurrency limits of a queue. */
export interface FairQueueBounds {
  /** @default Infinity */
  readonly max?: number;
  readonly maxPerShare: number;
  /** @default `maxPerShare` */
  readonly maxPerMember?: number;
  /**
   * The time after which a running task counts as released, in milliseconds.
   *
   * @default Infinity
   */
  readonly releaseAfterMs?: number;
}

/** The place of a task in a queue: a share, and a member of it. */
export interface QueuePosition {
  readonly share: string;
  readonly member: string;
}

/** Begins a task; it counts as running until the first call of `release`. */
export type BeginTask = (release: () => void) => void;

interface Waiting {
  readonly begin: BeginTask;
}

interface Member {
  running: number;
  readonly waiting: Set<Waiting>;
}

interface Share {
  running: number;
  readonly members: Map<string, Member>;
  /** The waiting members with capacity, the next one first. */
  readonly line: Set<string>;
}

/**
 * Runs tasks within limits for all, for each share and for each member.
 *
 * A task starts at once if there is capacity. Waiting tasks start in turn: shares take turns, and so do the
 * members of each share. So a share with many tasks delays others only by its running tasks.
 */
export class FairQueue {
  private readonly shares = new Map<string, Share>();
  /** The waiting shares with capacity, the next one first. */
  private readonly line = new Set<string>();
  private readonly limits: Required<FairQueueBounds>;
  private running = 0;
  private waitingTasks = 0;
  private isBeginning = false;

  constructor({
    max = Infinity,
    maxPerShare,
    maxPerMember = maxPerShare,
    releaseAfterMs = Infinity,
  }: FairQueueBounds) {
    this.limits = { max, maxPerShare, maxPerMember, releaseAfterMs };
  }

  /** The number of waiting tasks. */
  get waiting(): number {
    return this.waitingTasks;
  }

  /** Starts a task at once, or queues it and returns a function that withdraws it. */
  start(position: QueuePosition, begin: BeginTask): (() => void) | undefined {
    const share = this.shareOf(position.share);
    const member = memberOf(share, position.member);
    if (this.admits(share, member)) {
      this.begin(position, begin);
      return undefined;
    }
    const task = { begin };
    member.waiting.add(task);
    this.waitingTasks++;
    this.refile(position);
    return () => this.withdraw(position, task);
  }

  /** Runs an asynchronous task at once or in its turn; settles like the task. */
  run<T>(position: QueuePosition, task: () => T | Promise<T>): Promise<T> {
    const settle = async (): Promise<T> => task();
    return new Promise<T>(
      (resolve) => void this.start(position, (release) => resolve(settle().finally(release))),
    );
  }

  private admits(share: Share, member: Member): boolean {
    const { max, maxPerShare, maxPerMember } = this.limits;
    return this.running < max && share.running < maxPerShare && member.running < maxPerMember;
  }

  private begin(position: QueuePosition, begin: BeginTask): void {
    const share = this.shareOf(position.share);
    const member = memberOf(share, position.member);
    const { releaseAfterMs } = this.limits;
    let timer: NodeJS.Timeout | undefined;
    let isReleased = false;
    this.running++;
    share.running++;
    member.running++;
    this.refile(position);
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      clearTimeout(timer);
      this.running--;
      share.running--;
      member.running--;
      this.refile(position);
      this.beginWaiting();
    };
    begin(release);
    // Some queues have mostly synchronous tasks, which need no timer.
    if (!isReleased && releaseAfterMs < Infinity) timer = setTimeout(release, releaseAfterMs).unref();
  }

  /** Starts waiting tasks while there is capacity; a loop, so that synchronous tasks do not recurse. */
  private beginWaiting(): void {
    if (this.isBeginning) return;
    this.isBeginning = true;
    try {
      while (this.running < this.limits.max) {
        const [name] = this.line;
        if (name === undefined) return;
        this.beginNextOf(name);
      }
    } finally {
      this.isBeginning = false;
    }
  }

  /** Starts the next task of a share; its member and the share move to the end of their lines. */
  private beginNextOf(name: string): void {
    this.line.delete(name);
    const share = this.shares.get(name);
    const [memberName] = share?.line ?? [];
    const waiting = memberName === undefined ? undefined : share?.members.get(memberName)?.waiting;
    const [task] = waiting ?? [];
    if (!share || memberName === undefined || !task) return;
    waiting?.delete(task);
    this.waitingTasks--;
    share.line.delete(memberName);
    this.begin({ share: name, member: memberName }, task.begin);
  }

  private withdraw(position: QueuePosition, task: Waiting): void {
    if (!this.shares.get(position.share)?.members.get(position.member)?.waiting.delete(task)) return;
    this.waitingTasks--;
    this.refile(position);
  }

  /** Updates the lines of a member and its share; removes those without tasks. */
  private refile({ share: name, member: memberName }: QueuePosition): void {
    const share = this.shares.get(name);
    const member = share?.members.get(memberName);
    if (!share || !member) return;
    const { maxPerShare, maxPerMember } = this.limits;
    if (member.waiting.size && member.running < maxPerMember) share.line.add(memberName);
    else share.line.delete(memberName);
    if (share.line.size && share.running < maxPerShare) this.line.add(name);
    else this.line.delete(name);
    if (!member.running && !member.waiting.size) share.members.delete(memberName);
    if (!share.members.size) this.shares.delete(name);
  }

  private shareOf(name: string): Share {
    const share = this.shares.get(name) ?? { running: 0, members: new Map(), line: new Set() };
    this.shares.set(name, share);
    return share;
  }
}

function memberOf(share: Share, name: string): Member {
  const member = share.members.get(name) ?? { running: 0, waiting: new Set() };
  share.members.set(name, member);
  return member;
}
