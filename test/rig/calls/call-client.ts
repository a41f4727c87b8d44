import { createStreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import {
  JSON_SUBPROTOCOL,
  type ClientCodec,
  type ClientFrame,
  type ServerFrame,
} from '@nestwire/protocol/codec';
import type { FakeClock } from '@nestwire/testing';
import { ClientLines } from '../recovery/client-lines.js';
import { CallFrames } from './call-frames.js';
import { bringsItems, type NotedCall, type Shape } from './noted-call.js';
import { Done, Job, Piece, type WorkApp, type WorkStreams } from './work.app.js';

/** Faults on purpose, for negative controls. */
export interface ClientFlaws {
  /** Changes a frame of the client; undefined loses it. */
  readonly sends?: (frame: ClientFrame) => ClientFrame | undefined;
  /** Changes a frame of the server; undefined loses it. */
  readonly takes?: (frame: ServerFrame) => ServerFrame | undefined;
}

/** The parts of the world that a client lives in. */
export interface ClientWorld {
  readonly nodes: readonly WorkApp[];
  readonly clock: FakeClock;
  readonly flaws: ClientFlaws;
}

/** The size and the pace of a call. */
export interface CallPlan {
  readonly count: number;
  readonly turns: number;
  readonly restMs: number;
  readonly timeoutMs: number | undefined;
}

type Handle = PromiseLike<Done> & AsyncIterable<Piece> & { readonly id: string; cancel(): Promise<void> };

/** A device of a user: a client of the library on connections in memory, with a ledger of its calls. */
export class CallClient {
  readonly calls: NotedCall[] = [];
  readonly lines: ClientLines;
  readonly frames = new CallFrames();
  faults = 0;
  /** The time of the last event that keeps the client from reading, in milliseconds. */
  calmAtMs = 0;
  /** The number of cancellations by id without an answer. */
  cancelling = 0;
  readonly #client;

  constructor(
    readonly user: string,
    readonly world: ClientWorld,
  ) {
    const { nodes, clock } = world;
    this.lines = new ClientLines(nodes, this.frames);
    this.#client = createStreamClient<WorkStreams>()({
      url: 'ws://memory/streams',
      messages: [Job, Piece, Done],
      auth: () => user,
      clock,
      codec: this.#codec(),
      webSocket: this.lines.webSocket,
      minRetryMs: 10,
      maxRetryMs: 100,
      offline: 'queue',
      onWarning: () => undefined,
    });
    // A call may begin between a cut and its notice.
    this.#client.addConnectionStatusListener(({ kind }) => {
      this.stirred();
      if (kind === 'waiting') this.faults++;
    });
    // The status tells nothing of a connection that another one has replaced.
    this.lines.onSilence = () => {
      this.stirred();
      this.faults++;
    };
    void this.#client.connectWebSocket().catch(() => undefined);
  }

  get isConnected(): boolean {
    return this.#client.connectionStatus.kind === 'connected';
  }

  /** The calls without an end. */
  get open(): readonly NotedCall[] {
    return this.calls.filter(({ ends }) => ends.length === 0);
  }

  /** True while a call has no end, or a cancellation has no answer. */
  get isBusy(): boolean {
    const isOpen = this.calls.some(({ ends, cancelling }) => !ends.length || cancelling > 0);
    return !this.isConnected || isOpen || this.cancelling > 0;
  }

  /** Starts a call. */
  call(name: string, shape: Shape, { count, turns, restMs, timeoutMs }: CallPlan): void {
    const { work } = this.#client;
    const job = create(Job, { name, count, turns, restMs });
    const pieces = Array.from({ length: count }, (_, at) => create(Piece, { name, number: at + 1 }));
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    const takesItems = shape === 'upload' || shape === 'echo';
    const method = work[shape] as (...args: unknown[]) => unknown;
    const handle = (takesItems ? method(job, pieces, options) : method(job, options)) as Handle;
    const nowMs = this.world.clock.now();
    this.#note(handle, {
      ...{ name, id: handle.id, user: this.user, shape, count, origin: undefined, isStored: false },
      deadlineMs: timeoutMs === undefined ? Infinity : nowMs + timeoutMs,
    });
  }

  /** Reads a resumable call of any device from its beginning. */
  resume(origin: NotedCall, isStored: boolean): void {
    const handle = this.#client.work.generate.resume(origin.id) as unknown as Handle;
    const { name, id, shape, count, deadlineMs } = origin;
    this.#note(handle, { name, id, user: this.user, shape, count, deadlineMs, origin, isStored });
  }

  /** Cancels a resumable call of any device by its id; resolves when the client says that it is cancelled. */
  async cancelById({ id }: NotedCall): Promise<void> {
    this.cancelling++;
    await this.#client.work.generate.resume(id).cancel();
    this.cancelling--;
  }

  /** Cuts the connection, for both sides or for the client alone. */
  cut(how: 'both' | 'near'): void {
    this.faults++;
    this.stirred();
    this.lines.cut(how);
  }

  /** Its server says that it goes away, and serves on. */
  handOver(target: number): void {
    if (!this.isConnected) return;
    this.stirred();
    this.lines.handOver(target);
  }

  /** Cuts the connection; the next one leads to another server. */
  move(target: number): void {
    this.lines.target = target;
    this.cut('both');
  }

  /** Reads nothing, or reads again. */
  read(how: 'pause' | 'resume'): void {
    this.stirred();
    this.lines[how]();
  }

  /** Ends the faults, and the connections that it has left. */
  heal(): void {
    this.faults++;
    this.stirred();
    this.lines.heal();
  }

  /** Notes that something keeps the client from reading. */
  stirred(): void {
    this.calmAtMs = this.world.clock.now();
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #note(
    handle: Handle,
    facts: Pick<NotedCall, 'name' | 'id' | 'user' | 'shape' | 'count' | 'origin' | 'isStored' | 'deadlineMs'>,
  ): void {
    let goOn = (): void => {};
    const { clock } = this.world;
    const noted: NotedCall = {
      ...{ ...facts, got: [], ends: [], isCancelled: false, cancelling: 0, isSlow: false, leaves: false },
      ...{ startedAtMs: clock.now(), endedAtMs: 0, calmAtMs: clock.now() },
      ...{ faults: this.faults, faultsAtEnd: 0 },
      cancel: () => {
        noted.isCancelled = true;
        noted.cancelling++;
        void handle.cancel().then(() => noted.cancelling--);
      },
      goOn: () => {
        if (noted.isSlow) noted.calmAtMs = clock.now();
        noted.isSlow = false;
        goOn();
      },
    };
    const wait = () => new Promise<void>((resolve) => (goOn = resolve));
    this.calls.push(noted);
    void this.#read(noted, handle, wait).then(
      () => this.#ended(noted, 'end'),
      (error: { code?: string; received?: number }) => {
        noted.received = error.received;
        this.#ended(noted, error.code ?? String(error));
      },
    );
  }

  async #read(noted: NotedCall, handle: Handle, wait: () => Promise<void>): Promise<void> {
    if (!bringsItems(noted.shape)) {
      noted.reply = await handle;
      return;
    }
    for await (const { name, number } of handle) {
      if (name !== noted.name) this.frames.broken.add(`${noted.name} got an item of ${name}`);
      noted.got.push(number);
      if (noted.isSlow) await wait();
      if (noted.leaves) {
        noted.isCancelled = true;
        return;
      }
    }
  }

  #ended(noted: NotedCall, end: string): void {
    noted.ends.push(end);
    noted.faultsAtEnd = this.faults;
    noted.endedAtMs = this.world.clock.now();
  }

  /** JSON, with the flaws of a control. */
  #codec(): ClientCodec {
    const { sends, takes } = this.world.flaws;
    return {
      subprotocols: JSON_SUBPROTOCOL,
      encode: (frame) => JSON.stringify((sends ? sends(frame as ClientFrame) : frame) ?? { t: 'pong' }),
      decode: (payload) => {
        const frame = JSON.parse(payload as string) as ServerFrame;
        return (takes ? takes(frame) : frame) ?? { t: 'pong' };
      },
    };
  }
}
