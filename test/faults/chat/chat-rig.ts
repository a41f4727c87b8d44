import { rm } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { ChatDatabaseOptions } from '../../../libs/chat/src/database/database.options.js';
import { Child } from '../../rig/child.mjs';
import type { PostgresServer } from '../../rig/postgres-server.js';
import type { RedisServer } from '../../rig/redis-server.mjs';
import { TcpProxy } from '../../rig/tcp-proxy.mjs';
import { randomFrom } from '../random.mjs';
import { sabotageOptions } from '../sabotage.mjs';
import type { DeviceSnapshot } from './device-snapshot.js';
import { GrowthWork } from './growth-work.js';
import { judgeChat } from './judge-chat.js';
import { placesOf, type DevicePlace } from './run-places.js';
import type { StoredChat } from './stored-chat.js';

const SERVER = new URL('chat-node.mjs', import.meta.url);
const CLIENTS = new URL('chat-clients.mjs', import.meta.url);
/** The time between two comparisons at rest, in milliseconds. */
const LOOK_MS = 250;

/** The outer parts of a chat, which suffer faults. */
export interface ChatParts {
  readonly redis: RedisServer;
  readonly database: ChatDatabaseOptions;
  /** The server of the database; undefined for the embedded file. */
  readonly postgres?: PostgresServer;
  /** The folder of the files of messages. */
  readonly files: string;
  /** The names of what servers and clients lack. */
  readonly sabotage?: { readonly servers?: readonly string[]; readonly clients?: readonly string[] };
}

/** The numbers of what a run has done. */
export interface RunCounts {
  readonly posts: number;
  readonly replies: number;
  readonly files: number;
  readonly growths: number;
}

/** The times of a comparison at rest, in milliseconds. */
export interface SettleTimes {
  readonly deadlineMs: number;
  /** The time after which the same differences count as lasting; the deadline by default. */
  readonly stableMs?: number;
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
  /** The growing messages of the run; `open` sets it. */
  growths!: GrowthWork;
  private channels: readonly string[] = [];

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

  /** Opens devices of users and guests in new channels, and lets them work. */
  async open(run: string, seed: number): Promise<void> {
    const places = placesOf(run);
    const [first] = this.nodes;
    for (const { id, users } of places.rooms) await first!.child.ask('createChannel', { id, users });
    const devices: DevicePlace[] = [];
    for (const { at, ...device } of places.devices) {
      const front = await TcpProxy.to(this.nodes[at]!.port);
      this.fronts.push(front);
      devices.push({ ...device, url: `ws://127.0.0.1:${front.port}/streams` });
    }
    for (const { id, guest, staff } of places.supports) {
      const device = devices.find(({ name }) => name === guest)!;
      await this.clients.ask('introduce', { ...device, channel: id });
      device.user = (await first!.child.ask('admit', { channel: id, staff })) as string;
    }
    await this.clients.ask('open', { devices });
    this.channels = places.channels;
    this.growths = new GrowthWork({ run, channels: this.channels }, randomFrom(seed));
    this.growths.start(this.nodes);
    await this.clients.ask('work', { seed });
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
   * Compares everything at rest until nothing differs twice in a row, the same differs for `stableMs`, or the
   * deadline has come.
   *
   * Returns what differs then.
   */
  async settle({ deadlineMs, stableMs = deadlineMs }: SettleTimes): Promise<string[]> {
    const endMs = performance.now() + deadlineMs;
    await this.clients.ask('rest');
    await this.growths.rest();
    // Members read the files afterwards, so the cleanup must leave those of messages.
    await this.nodes[0]!.child.ask('removeOrphans').catch(() => undefined);
    let [problems, good, changedMs]: [string[], number, number] = [[], 0, performance.now()];
    const isOver = (): boolean => performance.now() > Math.min(endMs, changedMs + stableMs);
    for (; good < 2 && !isOver(); await wait(LOOK_MS)) {
      // A connection to the database may have ended with a fault; the next query has another one.
      const found = await this.compare().catch((error: unknown) => [String(error)]);
      if (found.join() !== problems.join()) changedMs = performance.now();
      problems = found;
      good = problems.length ? 0 : good + 1;
    }
    return problems;
  }

  /** Closes the devices; returns the numbers of what they have done. */
  async close(): Promise<RunCounts> {
    const devices = (await this.clients.ask('snapshots')) as DeviceSnapshot[];
    await this.clients.ask('close');
    await Promise.all(this.fronts.splice(0).map((front) => front.stop()));
    await rm(this.parts.files, { recursive: true, force: true });
    const posts = devices.flatMap(({ ledger }) => ledger.posts);
    return {
      posts: posts.length,
      replies: posts.filter(({ threadSeq }) => threadSeq !== null).length,
      files: posts.reduce((sum, { files }) => sum + files.length, 0),
      growths: this.growths.ledger.length,
    };
  }

  async stop(): Promise<void> {
    const servers = this.nodes.map(({ child }) => child);
    await Promise.all(servers.map((child) => child.ask('close').catch(() => undefined)));
    await Promise.all([this.clients, ...servers].map((child) => child.stop()));
    await Promise.all([...this.nodes.map(({ link }) => link), ...this.fronts].map((proxy) => proxy.stop()));
  }

  private async compare(): Promise<string[]> {
    const { channels, growths } = this;
    const stored = (await this.nodes[0]!.child.ask('stored', { channels })) as StoredChat;
    const devices = (await this.clients.ask('snapshots')) as DeviceSnapshot[];
    return judgeChat({ stored, devices, growths: growths.ledger });
  }

  private async startChild(link: TcpProxy): Promise<{ child: Child; port: number }> {
    const { database, files, sabotage } = this.parts;
    const child = new Child(SERVER, sabotageOptions(sabotage?.servers ?? []));
    return { child, port: (await child.ask('start', { redis: link.url, database, files })) as number };
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has died by itself.
  }
}
