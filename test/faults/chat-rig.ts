import { setTimeout as wait } from 'node:timers/promises';
import type { ChatDatabaseOptions } from '../../libs/chat/src/database/database.options.js';
import { Child } from '../rig/child.mjs';
import type { PostgresServer } from '../rig/postgres-server.js';
import type { RedisServer } from '../rig/redis-server.mjs';
import { TcpProxy } from '../rig/tcp-proxy.mjs';
import { judgeChat, type DeviceSnapshot, type StoredChat } from './judge-chat.js';
import { sabotageOptions } from './sabotage.mjs';

const SERVER = new URL('chat-node.mjs', import.meta.url);
const CLIENTS = new URL('chat-clients.mjs', import.meta.url);
const USERS = ['ann', 'bob', 'cat'];
const CHANNELS = 2;
/** The time between two comparisons at rest, in milliseconds. */
const LOOK_MS = 250;

/** The outer parts of a chat, which suffer faults. */
export interface ChatParts {
  readonly redis: RedisServer;
  readonly database: ChatDatabaseOptions;
  /** The server of the database; undefined for the embedded file. */
  readonly postgres?: PostgresServer;
  /** The names of what servers and clients lack. */
  readonly sabotage?: { readonly servers?: readonly string[]; readonly clients?: readonly string[] };
}

/** A server of the chat; it reaches Redis through a link. */
export interface ChatNode {
  child: Child;
  port: number;
  readonly link: TcpProxy;
}

/** A cluster of two servers, and two devices of each user: one at each server, through a front of its own. */
export class ChatRig {
  readonly nodes: ChatNode[] = [];
  readonly fronts: TcpProxy[] = [];
  readonly clients: Child;
  private channels: string[] = [];

  private constructor(readonly parts: ChatParts) {
    this.clients = new Child(CLIENTS, sabotageOptions(parts.sabotage?.clients ?? []));
  }

  static async start(parts: ChatParts): Promise<ChatRig> {
    const rig = new ChatRig(parts);
    for (let at = 0; at < 2; at++) {
      const link = await TcpProxy.to(parts.redis.port);
      rig.nodes.push({ ...(await rig.startChild(link)), link });
    }
    return rig;
  }

  /** Opens devices in new channels. */
  async open(run: string): Promise<void> {
    const users = USERS.map((user) => `${run}-${user}`);
    this.channels = Array.from({ length: CHANNELS }, (_, at) => `${run}-${at}`);
    for (const id of this.channels) await this.nodes[0]!.child.ask('createChannel', { id, users });
    const devices = [];
    for (const user of users)
      for (const [at, node] of this.nodes.entries()) {
        const front = await TcpProxy.to(node.port);
        this.fronts.push(front);
        const url = `ws://127.0.0.1:${front.port}/streams`;
        devices.push({ name: `${user}${at}`, user, url, channels: this.channels });
      }
    await this.clients.ask('open', { devices });
  }

  /** Kills a server at once, and starts it again; its clients go to the other one, if told so. */
  async replace(node: ChatNode, afterMs: number, clientsGo: 'away' | 'nowhere'): Promise<void> {
    const own = this.fronts.filter(({ targetPort }) => targetPort === node.port);
    const other = this.nodes.find((one) => one !== node)!;
    if (clientsGo === 'away') for (const front of own) front.targetPort = other.port;
    if (node.child.pid !== undefined) kill(node.child.pid);
    await node.child.ended;
    await wait(afterMs);
    Object.assign(node, await this.startChild(node.link));
    if (clientsGo === 'nowhere') for (const front of own) front.targetPort = node.port;
  }

  /**
   * Compares everything at rest until nothing differs twice in a row, or the time is over.
   *
   * Returns what differs then.
   */
  async settle(deadlineMs: number): Promise<string[]> {
    const endMs = performance.now() + deadlineMs;
    await this.clients.ask('rest');
    let problems: string[] = [];
    for (let good = 0; good < 2 && performance.now() < endMs; await wait(LOOK_MS)) {
      // A connection to the database may have ended with a fault; the next query has another one.
      problems = await this.compare().catch((error: unknown) => [String(error)]);
      good = problems.length ? 0 : good + 1;
    }
    return problems;
  }

  /** Closes the devices. */
  async close(): Promise<{ posts: number }> {
    const devices = (await this.clients.ask('snapshots')) as DeviceSnapshot[];
    await this.clients.ask('close');
    await Promise.all(this.fronts.splice(0).map((front) => front.stop()));
    return { posts: devices.reduce((sum, { ledger }) => sum + ledger.posts.length, 0) };
  }

  async stop(): Promise<void> {
    const servers = this.nodes.map(({ child }) => child);
    await Promise.all(servers.map((child) => child.ask('close').catch(() => undefined)));
    await Promise.all([this.clients, ...servers].map((child) => child.stop()));
    await Promise.all([...this.nodes.map(({ link }) => link), ...this.fronts].map((proxy) => proxy.stop()));
  }

  private async compare(): Promise<string[]> {
    const { channels } = this;
    const stored = (await this.nodes[0]!.child.ask('stored', { channels })) as StoredChat;
    return judgeChat(stored, (await this.clients.ask('snapshots')) as DeviceSnapshot[]);
  }

  private async startChild(link: TcpProxy): Promise<{ child: Child; port: number }> {
    const { database, sabotage } = this.parts;
    const child = new Child(SERVER, sabotageOptions(sabotage?.servers ?? []));
    return { child, port: (await child.ask('start', { redis: link.url, database })) as number };
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has died by itself.
  }
}
