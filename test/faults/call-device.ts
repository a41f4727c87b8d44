import { createHash } from 'node:crypto';
import { createStreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import { TcpProxy } from '../rig/tcp-proxy.mjs';
import { issueToken } from './authenticator.mjs';
import { Done, Job, Piece } from './call-work.mjs';

const FOREVER_MS = 3_600_000;

/** The shapes of calls under faults. */
export const SHAPES = ['generate', 'watch', 'once', 'upload'] as const;
/** One of them. */
export type Shape = (typeof SHAPES)[number];

/** A call of a device, or a reader of a call of another device, with what it got. */
export interface ReadCall {
  readonly name: string;
  readonly id: string;
  readonly user: string;
  readonly shape: Shape;
  readonly count: number;
  readonly got: number[];
  readonly ends: string[];
  /** The time of the end on the clock of this process, in milliseconds. */
  endedAtMs: number;
  reply?: { readonly name: string; readonly count: number };
  isCancelled: boolean;
}

type Handle = AsyncIterable<{ name: string; number: number }> &
  PromiseLike<{ name: string; count: number }> & { readonly id: string; cancel(): Promise<void> };

/** The method of a client, whose types plain JavaScript does not give. */
type Method = ((...args: unknown[]) => Handle) & { resume(id: string): Handle };

/** A device of a user, which reaches servers through a proxy of its own. */
export class Device {
  readonly calls: ReadCall[] = [];
  readonly #client;

  private constructor(
    readonly user: string,
    readonly front: TcpProxy,
  ) {
    this.#client = createStreamClient()({
      url: `ws://127.0.0.1:${front.port}/streams`,
      messages: [Job, Piece, Done],
      auth: () => issueToken(user, FOREVER_MS),
      minRetryMs: 50,
      maxRetryMs: 500,
      offline: 'queue',
      onWarning: () => undefined,
    });
    void this.#client.connectWebSocket().catch(() => undefined);
  }

  static async start(user: string, port: number): Promise<Device> {
    return new Device(user, await TcpProxy.to(port));
  }

  /** Starts a call; `restMs` is the time of each item. */
  call(name: string, shape: Shape, { count, restMs }: { count: number; restMs: number }): ReadCall {
    const job = create(Job, { name, count, restMs });
    const items = Array.from({ length: count }, (_, at) => create(Piece, { name, number: at + 1 }));
    const handle = shape === 'upload' ? this.#method(shape)(job, items) : this.#method(shape)(job);
    return this.#note(handle, { name, id: handle.id, shape, count });
  }

  /** Reads a resumable call of another device of the user. */
  resume({ id, name, shape, count }: ReadCall): ReadCall {
    return this.#note(this.#method('generate').resume(id), { name, id, shape, count });
  }

  /** Cancels a resumable call of another device of the user. */
  async cancel(call: ReadCall): Promise<void> {
    call.isCancelled = true;
    await this.#method('generate').resume(call.id).cancel();
  }

  /** Cuts the connection; the next one leads to a server. */
  move(port: number): void {
    this.front.targetPort = port;
    this.front.reset();
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.front.stop();
  }

  #method(shape: Shape): Method {
    return (this.#client as unknown as { work: Record<Shape, Method> }).work[shape];
  }

  #note(handle: Handle, facts: Pick<ReadCall, 'name' | 'id' | 'shape' | 'count'>): ReadCall {
    const call: ReadCall = {
      ...{ ...facts, user: this.user, got: [], ends: [], endedAtMs: 0, isCancelled: false },
    };
    this.calls.push(call);
    const ended = (code: string): void => {
      call.ends.push(code);
      call.endedAtMs = performance.now();
    };
    void read(call, handle).then(
      () => ended('end'),
      (error: { code?: string }) => ended(error.code ?? String(error)),
    );
    return call;
  }
}

/** Returns the name of a resumable call in Redis. */
export function storedKeyOf({ id, user }: ReadCall): string {
  const name = JSON.stringify([id, 'generate', 'work', `user:${user}`]);
  return `nestwire:items:{${createHash('sha256').update(name).digest('base64url')}}`;
}

async function read(call: ReadCall, handle: Handle): Promise<void> {
  if (call.shape === 'once' || call.shape === 'upload') {
    call.reply = await handle;
    return;
  }
  for await (const { name, number } of handle) call.got.push(name === call.name ? number : NaN);
}
