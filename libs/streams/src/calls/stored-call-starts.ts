import type { CallFrame, FramePayload } from '@nestwire/protocol/codec';
import { tagNatives } from '@nestwire/protocol/internal';
import { subjectOf } from '../session/server-session.js';
import type { SessionRuntime } from '../session/session-runtime.js';
import type { CallReader, PrepareReader } from './call-reader.js';
import { callUnknown } from './call.errors.js';
import type { ProducedCall } from './produced-call.js';
import type { ResumableCalls } from './resumable-calls.js';
import { ServerCall } from './server-call.js';

/** The fields of a frame that names a stored call and its reader. */
export interface ReaderFrame {
  readonly t: 'call' | 'attach';
  readonly id: number;
  readonly method: string;
  readonly callId?: string;
  readonly window: number;
  readonly received: number;
  readonly consumed?: number;
}

/** The parts of a connection that the starts of its resumable calls use. */
export interface StartsOwner {
  /** Returns the share that the calls of this connection count against. */
  readonly share: string;
  decode(payload: FramePayload): unknown;
  /** Runs work on a frame that waited; returns its time in milliseconds. */
  measured(work: () => void): number;
}

/** Starts and continues the resumable calls of one connection. */
export class StoredCallStarts {
  constructor(
    readonly calls: ResumableCalls,
    private readonly owner: StartsOwner,
  ) {}

  /** Returns the secret name of a call: of the user, the stream, the method and the id. */
  keyOf(
    { session }: SessionRuntime,
    { callId = '', method }: Pick<ReaderFrame, 'callId' | 'method'>,
  ): string {
    return this.calls.keyOf({ callId, method, subject: subjectOf(session), holder: session.holder });
  }

  /** Returns the start of a call: it is stored, unless it is already, then its method runs. */
  produce(payload: FramePayload): PrepareReader {
    return async (reader) => {
      const frame = this.owner.decode(payload) as CallFrame;
      let result: Promise<unknown> | undefined;
      let produced: ProducedCall | undefined;
      const take = async (): Promise<boolean> => {
        produced = await this.create(reader, frame, call);
        if (reader.isCancelled) produced?.cancel();
        const attached = produced ? reader.attachFirst() : reader.attach();
        attached.catch((error: unknown) => reader.fail(error));
        return produced === undefined;
      };
      const { session } = reader.session;
      const call = new ServerCall(frame.callId ?? '', session, deadlineOf(frame));
      reader.workMs = this.owner.measured(() => {
        result = this.invoke(reader, frame, { call, take });
      });
      try {
        const value = await result;
        produced?.returned(value);
      } catch (error) {
        if (!produced) throw error;
        produced.fail(error);
      }
    };
  }

  /** Runs the guards of a stored call again, and attaches the reader. */
  readonly authorize: PrepareReader = async (reader) => {
    const read = await this.calls.store.read(reader.key, 0, 1);
    if (!read) throw callUnknown();
    const { type, data } = JSON.parse(read.state.request) as { type: string; data: object };
    await reader.session.handlers.authorizeCall(reader.method, type, data);
    await reader.attach();
  };

  private create(reader: CallReader, frame: CallFrame, call: ServerCall): Promise<ProducedCall | undefined> {
    const { key, method } = reader;
    const bounds = reader.session.endpoint.methods.get(method)?.resumable;
    if (!bounds) throw new Error('A call that is not resumable is not stored.');
    const { type, data, timeoutMs } = frame;
    const { share } = this.owner;
    return this.calls.create({ key, method, call, bounds, share, timeoutMs }, tagNatives({ type, data }));
  }

  private async invoke(
    { session, id }: CallReader,
    { method, type, data }: CallFrame,
    { call, take }: { readonly call: ServerCall; readonly take: () => Promise<boolean> },
  ): Promise<unknown> {
    const claim = { isRedelivered: false, take };
    return session.handlers.call({ method, type, data, id, call, items: undefined, claim });
  }
}

function deadlineOf({ timeoutMs }: CallFrame): Date | undefined {
  return timeoutMs === undefined ? undefined : new Date(Date.now() + timeoutMs);
}
