import { createStreamClient } from '@nestwire/client';
import { create, StreamGap } from '@nestwire/protocol';
import {
  JSON_SUBPROTOCOL,
  type ClientCodec,
  type ClientFrame,
  type PositionFrame,
  type PublicationFrame,
  type ServerFrame,
  type SubscribedFrame,
} from '@nestwire/protocol/codec';
import type { FakeClock } from '@nestwire/testing';
import { ClientLines } from './client-lines.js';
import { Note, State, Wish, type DeskApp, type DeskStreams } from './desk.app.js';

/** The endpoints that a client has a stream of. */
export const ENDPOINTS = ['desk', 'lobby'] as const;
/** One of them. */
export type EndpointName = (typeof ENDPOINTS)[number];

/** A message that the application of a client received. */
export type Got = Note | State | StreamGap;

/** The frames of the server about the channels of a client, in order. */
export type Said = (
  | PublicationFrame
  | SubscribedFrame
  | PositionFrame
  | Extract<ServerFrame, { t: 'unsubscribed' | 'message' | 'welcome' | 'authenticated' }>
) & {
  /** Numbers the connection that it came by. */
  readonly line: number;
  /** True when another connection was still open. */
  readonly isHandover: boolean;
  /** The index of the frame; `frameOf` returns it for the note that the client makes of the frame. */
  readonly index: number;
};

/** Returns the index of the frame that a note came by. */
export function frameOf({ padding }: Note): number {
  return Number(padding.slice(padding.lastIndexOf('#') + 1));
}

const OF_CHANNELS = [
  'publication',
  'subscribed',
  'position',
  'unsubscribed',
  'message',
  'welcome',
  'authenticated',
];

/** The changes of a broken client to its frames, for negative controls. */
export interface ClientFlaws {
  readonly sends?: (frame: object) => object;
  /** Changes what it takes of the server; the judge knows what was said. */
  readonly takes?: (frame: ServerFrame) => ServerFrame;
}

/** The surroundings of a client. */
export interface ClientContext {
  readonly clock: FakeClock;
  readonly servers: readonly DeskApp[];
  readonly flaws: ClientFlaws;
}

/** A client of the library on connections in memory, with what it was told and what it got. */
export class RigClient {
  readonly said: Said[] = [];
  readonly got: Record<EndpointName, Got[]> = { desk: [], lobby: [] };
  /** How often it asked a server to open a stream. */
  opens = 0;
  readonly #client;
  readonly #lines: ClientLines;

  constructor(
    /** The user that it signs in as from the next connection on. */
    public user: string,
    private readonly context: ClientContext,
  ) {
    this.#lines = new ClientLines(context.servers);
    this.#client = createStreamClient<DeskStreams>()({
      url: 'ws://memory/streams',
      messages: [Note, State, Wish, StreamGap],
      auth: () => this.user,
      clock: context.clock,
      codec: this.#codec(),
      webSocket: this.#lines.webSocket,
      minRetryMs: 10,
      maxRetryMs: 100,
      onWarning: () => undefined,
    });
    void this.#client.connectWebSocket().catch(() => undefined);
    for (const endpoint of ENDPOINTS) void this.#read(endpoint);
  }

  /** The number of the server for the next connection. */
  set target(server: number) {
    this.#lines.target = server;
  }

  set isOnline(isOnline: boolean) {
    this.#lines.isOnline = isOnline;
  }

  get status(): string {
    return this.#client.connectionStatus.kind;
  }

  get isConnected(): boolean {
    return this.#client.connectionStatus.kind === 'connected';
  }

  /** Asks the session of an endpoint to subscribe or unsubscribe. */
  wish(endpoint: EndpointName, verb: 'subscribe' | 'unsubscribe', channel: string): void {
    this.#client[endpoint].sendStreamMessage(create(Wish, { verb, channel })).catch(() => undefined);
  }

  /** Signs in again on the open connection. */
  renew(): void {
    void this.#client.authenticate().catch(() => undefined);
  }

  pause(): void {
    this.#lines.pause();
  }

  resume(): void {
    this.#lines.resume();
  }

  /** Cuts the connection, for both sides or for the client alone. */
  cut(how: 'both' | 'near'): void {
    this.#lines.cut(how);
  }

  /** Its server says that it goes away, and serves on; the next connection leads to another server. */
  handOver(target: number): void {
    if (this.isConnected) this.#lines.handOver(target);
    else this.target = target;
  }

  /** Nothing is between the client and its server any more. */
  heal(): void {
    this.#lines.heal();
  }

  /** Closes for good. */
  close(): Promise<void> {
    return this.#client.close();
  }

  /** Ends all connections that it had, those that it has left too. */
  cutAll(): void {
    this.#lines.cutAll();
  }

  async #read(endpoint: EndpointName): Promise<void> {
    for await (const message of this.#client[endpoint].stream) this.got[endpoint].push(message);
  }

  /** JSON, and an ear for what the server says. */
  #codec(): ClientCodec {
    return {
      subprotocols: JSON_SUBPROTOCOL,
      encode: (frame) => {
        if ((frame as ClientFrame).t === 'open') this.opens++;
        return JSON.stringify(this.context.flaws.sends?.(frame) ?? frame);
      },
      decode: (payload) => {
        const frame = JSON.parse(payload as string) as ServerFrame;
        const { line, isHandover } = this.#lines;
        const index = this.said.length;
        const data = (frame as { data?: { padding?: string } }).data;
        if (frame.t === 'publication' && data?.padding !== undefined) data.padding += `#${index}`;
        if (OF_CHANNELS.includes(frame.t)) this.said.push({ ...frame, line, isHandover, index } as Said);
        return this.context.flaws.takes?.(frame) ?? frame;
      },
    };
  }
}
