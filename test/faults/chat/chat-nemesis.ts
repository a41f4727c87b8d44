import { setTimeout as wait } from 'node:timers/promises';
import type { ChatNode, ChatRig } from './chat-rig.js';

/** The time in which a doomed server gets its last post, in milliseconds. */
const DOOM_MS = 3_000;
/** The size of a file whose upload is cut, in bytes. */
const UPLOAD_BYTES = 1_000_000;
/** The bytes of a connection after which it is cut: in the middle of the file, and of a slice of the storage. */
const CUT_BYTES = 600_000;
/** The time in which a connection is cut and another one is made, in milliseconds. */
const CUT_MS = 20_000;
/** The time in which a message begins to grow, in milliseconds. */
const GROWTH_MS = 15_000;
/** A message that grows when its server dies. */
const LONG_GROWTH = { pieces: 100, restMs: 100 };

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
  /** The other server ends the messages that grow on this one. */
  async serverDiesWhileGrowing(rig, choice, ms) {
    const node = nodeOf(rig, choice);
    const name = rig.growths.begin(node.child, LONG_GROWTH);
    const endMs = performance.now() + GROWTH_MS;
    while (!(await node.child.ask('hasGrown', { name })) && performance.now() < endMs) await wait(20);
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
  /** The device loses its connection in the middle of a file, and continues with another connection. */
  async uploadCut({ fronts, clients }, choice) {
    const at = Math.floor(choice * fronts.length);
    const front = fronts[at]!;
    const { accepted } = front;
    front.set({ kind: 'cutAfter', bytes: CUT_BYTES }, 'up');
    await clients.ask('upload', { at, bytes: UPLOAD_BYTES });
    const endMs = performance.now() + CUT_MS;
    while (front.accepted === accepted && performance.now() < endMs) await wait(20);
    await front.pass();
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
