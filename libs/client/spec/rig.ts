import { StreamMessage, type Message } from '@nestwire/protocol';
import {
  createStreamClient,
  type ConnectionOptions,
  type ConnectionStatus,
  type StreamClient,
} from '../src/index.node.js';
import { FakeClock } from './fake-clock.js';
import { ScriptedServer, type Peer } from './scripted-server.js';

@StreamMessage('spec.note')
export class Note {
  declare readonly $type: 'spec.note';
  text = '';
  at?: Date;
}

@StreamMessage('spec.unlisted')
export class Unlisted {
  declare readonly $type: 'spec.unlisted';
}

/** A stream method with requests and items of notes. */
interface NoteMethod<Items, Reply> {
  request: Note;
  items: Items;
  reply: Reply;
}

interface NoteMethods {
  load: NoteMethod<never, Note>;
  leave: NoteMethod<never, void>;
  watch: NoteMethod<never, AsyncIterable<Note>>;
  upload: NoteMethod<Note, Note>;
  convert: NoteMethod<Note, AsyncIterable<Note>>;
}

export interface RigStreams {
  chat: { in: Note; out: Note; methods: NoteMethods; requests: { question: Note; reply: Note } };
  game: { in: Note; out: Note };
  room: { in: Note; out: Note; params: { roomId: string; page?: number }; methods: NoteMethods };
}

/** A client, a scripted server and a fake clock. */
export class Rig {
  readonly clock = new FakeClock();
  readonly statuses: ConnectionStatus[] = [];
  readonly warnings: string[] = [];
  readonly client: StreamClient<RigStreams>;
  #waiters: Array<() => void> = [];

  private constructor(
    readonly server: ScriptedServer,
    options: Partial<ConnectionOptions>,
  ) {
    this.client = createStreamClient<RigStreams>()({
      url: server.url,
      clock: this.clock,
      onWarning: (text) => void this.warnings.push(text),
      ...options,
      messages: [Note],
    });
    this.client.addConnectionStatusListener((status) => {
      this.statuses.push(status);
      for (const wake of this.#waiters.splice(0)) wake();
    });
  }

  static async start(options: Partial<ConnectionOptions> = {}): Promise<Rig> {
    return new Rig(await ScriptedServer.listen(), options);
  }

  /** Connects and returns the server's end of the connection. */
  async connected(figures?: object): Promise<Peer> {
    const connecting = this.client.connectWebSocket();
    const peer = await this.server.welcome(figures);
    await connecting;
    return peer;
  }

  /** Waits for a status of this kind. */
  async status<K extends ConnectionStatus['kind']>(kind: K): Promise<Extract<ConnectionStatus, { kind: K }>> {
    while (this.client.connectionStatus.kind !== kind)
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    return this.client.connectionStatus as Extract<ConnectionStatus, { kind: K }>;
  }

  /** Lets the client reconnect at once, and returns the server's end of the connection. */
  async reconnected(figures?: object): Promise<Peer> {
    const { retryInMs } = await this.status('waiting');
    this.clock.advance(retryInMs);
    const peer = await this.server.welcome(figures);
    await this.status('connected');
    return peer;
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.server.close();
  }
}

/** Reads the next messages of a stream. */
export async function take<T extends Message>(stream: AsyncIterable<T>, count: number): Promise<T[]> {
  const messages: T[] = [];
  for await (const message of stream) if (messages.push(message) === count) break;
  return messages;
}
