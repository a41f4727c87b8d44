import { setTimeout as wait } from 'node:timers/promises';
import type { ChatNode, ChatRig } from './chat-rig.js';

/** The time in which a doomed server gets its last post, in milliseconds. */
const DOOM_MS = 3_000;

/** A fault: what it touches, a number from 0 to 1 for its choices, and how long it lasts, in milliseconds. */
export type ChatFault = (rig: ChatRig, choice: number, ms: number) => Promise<unknown>;

/** The faults by name. Each ends with everything healed. */
export const CHAT_FAULTS: Readonly<Record<string, ChatFault>> = {
  async redisKilled({ parts: { redis } }, _choice, ms) {
    await redis.kill();
    await wait(ms);
    await redis.restart();
  },
  /** Redis comes back with what it had saved before. */
  async redisStale({ parts: { redis } }, _choice, ms) {
    await redis.call('SAVE');
    await wait(ms);
    await redis.kill();
    await redis.restart();
  },
  redisEmptied: ({ parts: { redis } }) => redis.call('FLUSHALL'),
  async redisPaused({ parts: { redis } }, _choice, ms) {
    redis.pause();
    await wait(ms);
    redis.resume();
  },
  /** One server hears nothing while the other publishes, and what was published is lost. */
  async redisCutOffAndEmptied(rig, choice, ms) {
    const { link } = nodeOf(rig, choice);
    await link.refuse();
    await wait(ms);
    await rig.parts.redis.call('FLUSHALL');
    await link.pass();
  },
  async postgresKilled({ parts: { postgres } }, _choice, ms) {
    await postgres?.kill();
    await wait(postgres ? ms : 0);
    await postgres?.restart();
  },
  serverKilled: (rig, choice, ms) => rig.replace(nodeOf(rig, choice), ms, choice < 0.25 ? 'nowhere' : 'away'),
  /** The next post that the server stores is its last deed. */
  async serverDiesBeforeRelay(rig, choice, ms) {
    const node = nodeOf(rig, choice);
    await node.child.ask('doom');
    await Promise.race([node.child.ended, wait(DOOM_MS)]);
    await rig.replace(node, ms, 'away');
  },
  /** The other server relays meanwhile; a file may stay locked. */
  async serverStopped(rig, choice, ms) {
    const { pid } = nodeOf(rig, choice).child;
    process.kill(pid!, 'SIGSTOP');
    await wait(ms);
    process.kill(pid!, 'SIGCONT');
  },
  async clientsCut({ fronts }, choice) {
    for (const [at, front] of fronts.entries()) if ((at + choice * 2) % 2 < 1) front.reset();
  },
  async clientsRefused({ fronts }, choice, ms) {
    const front = fronts[Math.floor(choice * fronts.length)]!;
    await front.refuse();
    await wait(ms);
    await front.pass();
  },
  async clientsMove(rig, choice) {
    for (const front of rig.fronts) front.targetPort = nodeOf(rig, choice).port;
    for (const front of rig.fronts) front.reset();
  },
};

function nodeOf({ nodes }: ChatRig, choice: number): ChatNode {
  return nodes[Math.floor(choice * nodes.length)]!;
}
