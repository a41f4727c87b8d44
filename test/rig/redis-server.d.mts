/** A Redis of our own: a real process on a port of its own, without persistence unless asked for. */
export interface RedisServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number | undefined;
  /** Where the program was found, to be shown. */
  readonly source: string;
  /** Sends one command over a connection of its own; returns the reply as the protocol writes it. */
  call(...command: string[]): Promise<string>;
  /** Ends it and removes what it left. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash does (SIGKILL). */
  kill(): Promise<void>;
  /** Stops it where it stands (SIGSTOP). */
  pause(): void;
  /** Lets it go on (SIGCONT). */
  resume(): void;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
}

/** The program of a Redis server. */
export interface RedisBinary {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  readonly source: string;
}

/** Where a server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** A Redis with replicas and three Sentinels that watch it. */
export interface SentinelGroup {
  readonly name: string;
  readonly sentinels: readonly RedisAddress[];
  readonly master: RedisServer;
  readonly replicas: readonly RedisServer[];
  stop(): Promise<void>;
}

/** A Redis Cluster of masters. */
export interface RedisClusterGroup {
  readonly nodes: readonly RedisAddress[];
  readonly servers: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Finds a Redis server; undefined when there is none. */
export function findRedis(): Promise<RedisBinary | undefined>;
/** Says why Redis tests do not run; throws where they must (CI=true or REQUIRE_REDIS=1). */
export function missingRedis(what: string): string;
/** Starts a Redis server on a free port of 127.0.0.1. */
export function startRedis(options?: {
  readonly args?: readonly string[];
  readonly port?: number;
}): Promise<RedisServer>;
/** Starts a Redis with replicas and three Sentinels that watch it under the name `main`. */
export function startSentinels(options?: {
  readonly replicas?: number;
  readonly downAfterMs?: number;
  /** Settings of the master and the replicas, as on the command line. */
  readonly args?: readonly string[];
}): Promise<SentinelGroup>;
/** Starts a Redis Cluster of masters that share the slots evenly. */
export function startCluster(options?: {
  readonly masters?: number;
  readonly args?: readonly string[];
}): Promise<RedisClusterGroup>;
