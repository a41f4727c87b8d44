import type { RedisAddress, RedisClusterGroup, RedisServer, SentinelGroup } from './redis-server.mjs';

/** Sends one command to a Redis or a Sentinel and returns its reply, parsed. */
export function ask(
  address: RedisAddress,
  command: string,
  ...args: ReadonlyArray<string | number>
): Promise<unknown>;
/** Ends the connections of a kind, and returns how many there were. */
export function killClients(server: RedisAddress, type: 'pubsub' | 'normal'): Promise<number>;
/** Changes a setting of a Redis that runs. */
export function configure(server: RedisAddress, setting: string, value: string | number): Promise<void>;
/** Makes a Redis do nothing for a while; it must have been started with `--enable-debug-command local`. */
export function sleepServer(server: RedisAddress, ms: number): Promise<void>;
/** Takes everything from a Redis. */
export function flush(server: RedisAddress): Promise<void>;
/** Lets a replica take over while the master is there. */
export function failOver(group: SentinelGroup): Promise<void>;
/** Returns where the Sentinels see the master. */
export function masterOf(group: SentinelGroup): Promise<RedisAddress>;
/** Returns the slot of a key. */
export function slotOf(cluster: RedisClusterGroup, key: string): Promise<number>;
/** Returns the server that has a slot. */
export function ownerOf(cluster: RedisClusterGroup, slot: number): Promise<RedisServer>;
/** Connects to a Redis for several commands; disconnect it in the end. */
export function connectTo(address: RedisAddress): Promise<import('ioredis').Redis>;
/** Returns the servers of a Cluster that answer and are masters now. */
export function mastersOf(cluster: RedisClusterGroup): Promise<RedisServer[]>;
/** Begins to move a slot, without any of its keys; resolves to the id of the server that it moves to. */
export function beginMove(move: { slot: number; from: RedisServer; to: RedisServer }): Promise<string>;
/** Ends a move whose source has died: the slot stays with the one that has taken over from the source. */
export function closeMove(cluster: RedisClusterGroup, move: { slot: number; to: RedisServer }): Promise<void>;
/** Moves a slot and its keys to another server, while it is in use. */
export function moveSlot(cluster: RedisClusterGroup, slot: number, to: RedisServer): Promise<void>;
/** Sends a signal to a process; false when it is gone. */
export function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGTERM'): boolean;
