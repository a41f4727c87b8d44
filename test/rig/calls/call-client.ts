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
import { Done, Job, Piece, type WorkApp, type WorkStreams } from './work.app.js';

/** The shapes of calls. */
export const SHAPES = ['reply', 'watch', 'upload', 'echo', 'generate'] as const;
/** One of them. */
export type Shape = (typeof SHAPES)[number];

/** Faults on purpose, for negative controls. */
export interface CallFlaws {
  /** Changes a frame of the client; undefined loses it. */
  readonly sends?: (frame: ClientFrame) => ClientFrame | undefined;
  /** Changes a frame of the server; undefined loses it. */
  readonly takes?: (frame: ServerFrame) => ServerFrame | undefined;
}

/** One call of a client, with what it got. */
export interface NotedCall {
  readonly name: string;
  readonly id: string;
  readonly shape: Shape;
  readonly count: number;
  /** The numbers of the items that the reader got. */
  readonly got: number[];
  /** The ends of the call: one for a right client. */
  readonly ends: string[];
  reply?: Done;
  /** The `received` of CALL_LOST. */
  received?: number;
  /** True when the client has ended the call itself. */
  isCancelled: boolean;
  /** The calls of `cancel()` that have not resolved. */
  cancelling: number;
  /** The number of faults of its client before the call. */
  readonly faults: number;
  /** The number of moves of its client to another server before the call. */
  readonly moves: number;
  movesAtEnd: number;
  /** The server of its client at the end. */
  nodeAtEnd: number;
  /** The number of faults of its client at the end. */
  faultsAtEnd: number;
  cancel(): void;
  /** Ends the wait of a slow reader. */
  goOn(): void;
  isSlow: boolean;
  leaves: boolean;
}

type Handle = PromiseLike<Done> & AsyncIterable<Piece> & { readonly id: string; cancel(): Promise<void> };

/** A client of the library on connections in memory, with a ledger of its calls. */
export class CallClient {
  readonly calls: NotedCall[] = [];
  readonly lines: ClientLines;
  readonly frames = new CallFrames();
  faults = 0;
  moves = 0;
  readonly #client;

  constructor(
    readonly user: string,
    servers: readonly WorkApp[],
    clock: FakeClock,
    readonly flaws: CallFlaws,
  ) {
    this.lines = new ClientLines(servers, this.frames);
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
    this.#client.addConnectionStatusListener(({ kind }) => void (kind === 'waiting' && this.faults++));
    void this.#client.connectWebSocket().catch(() => undefined);
  }

  get isConnected(): boolean {
    return this.#client.connectionStatus.kind === 'connected';
  }

  /** The calls without an end. */
  get open(): readonly NotedCall[] {
    return this.calls.filter(({ ends }) => ends.length === 0);
  }

  /** True while a call has no end, or its cancellation has no answer. */
  get isBusy(): boolean {
    return !this.isConnected || this.calls.some(({ ends, cancelling }) => !ends.length || cancelling > 0);
  }

  /** Starts a call. */
  call(name: string, shape: Shape, { count, turns }: { count: number; turns: number }): void {
    const { work } = this.#client;
    const job = create(Job, { name, count, turns });
    const pieces = Array.from({ length: count }, (_, at) => create(Piece, { name, number: at + 1 }));
    const takesItems = shape === 'upload' || shape === 'echo';
    const method = work[shape] as (job: Job, pieces?: readonly Piece[]) => unknown;
    const handle = (takesItems ? method(job, pieces) : method(job)) as Handle;
    let goOn = (): void => {};
    const noted: NotedCall = {
      ...{
        name,
        id: handle.id,
        shape,
        count,
        got: [],
        ends: [],
        isCancelled: false,
        cancelling: 0,
        isSlow: false,
        leaves: false,
      },
      ...{ faults: this.faults, faultsAtEnd: 0, moves: this.moves, movesAtEnd: 0, nodeAtEnd: 0 },
      cancel: () => {
        noted.isCancelled = true;
        noted.cancelling++;
        void handle.cancel().then(() => noted.cancelling--);
      },
      goOn: () => {
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

  /** Cuts the connection, for both sides or for the client alone. */
  cut(how: 'both' | 'near'): void {
    this.faults++;
    this.lines.cut(how);
  }

  /** Its server says that it goes away, and serves on. */
  handOver(target: number): void {
    if (!this.isConnected) return;
    this.moves++;
    this.lines.handOver(target);
  }

  /** Cuts the connection; the next one leads to another server. */
  move(target: number): void {
    this.moves++;
    this.lines.target = target;
    this.cut('both');
  }

  /** Ends the faults, and the connections that it has left. */
  heal(): void {
    this.faults++;
    this.lines.heal();
  }

  /** Cancels all resumable calls by their ids, as another device would. */
  cancelResumable(): void {
    const { generate } = this.#client.work;
    for (const { shape, id } of this.calls) if (shape === 'generate') void generate.resume(id).cancel();
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #read(noted: NotedCall, handle: Handle, wait: () => Promise<void>): Promise<void> {
    if (noted.shape === 'reply' || noted.shape === 'upload') {
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
    noted.movesAtEnd = this.moves;
    noted.nodeAtEnd = this.lines.target;
  }

  /** JSON, with the flaws of a control. */
  #codec(): ClientCodec {
    const { sends, takes } = this.flaws;
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
