import type { IncomingMessage } from 'node:http';
import { Logger } from '@nestjs/common';
import { CloseCode, type CodecOption } from '@nestwire/protocol';
import { JsonCodec, type Codec } from '@nestwire/protocol/codec';
import type { ClientChannels } from './subscriptions/client-channels.js';
import { ResumableCalls } from './calls/resumable-calls.js';
import { toWireError } from './enhancers/error-reply.js';
import { ResultCache } from './resend/result-cache.js';
import type { PostResult } from '@nestwire/messages';
import type { Message } from '@nestwire/protocol';
import type { MissingCapability } from '@nestwire/messages/backend';
import {
  ERROR_LINES_PER_MINUTE,
  LocalCallStore,
  LogLimiter,
  slicedWork,
  SYSTEM_CLOCK,
} from '@nestwire/messages/internal';
import { ClientLog } from './connection/client-log.js';
import type { ConnectionContext } from './connection/connection-context.js';
import { Connection } from './connection/connection.js';
import type { LiveConnection } from './connection/live-connection.js';
import { connectionId } from './connection/connection-id.js';
import { ConnectionRegistry, type ConnectingClient } from './connection/connection-registry.js';
import { ConnectionSweeper } from './connection/connection-sweeper.js';
import { Revocations } from './auth/revocations.js';
import { UserMessages } from './audiences/user-messages.js';
import { Evictions } from './evictions/evictions.js';
import type { StreamsToClose } from './evictions/streams-to-close.js';
import type { SessionCloseReason } from './session/session-close-reason.js';
import { UserRecheck } from './auth/user-recheck.js';
import type { UserRevocation } from './auth/user-revocation.js';
import { MessageFrames } from './connection/outbound/message-frames.js';
import { WriteCoalescer } from './connection/outbound/write-coalescer.js';
import { SignIn } from './auth/sign-in.js';
import { SignInGate } from './auth/sign-in-gate.js';
import { EarlyBudget } from './fairness/early-budget.js';
import type { StreamAuthenticator } from './auth/stream-authenticator.js';
import { StreamsConfigurationError } from './endpoint/streams-configuration.error.js';
import { ClientShares } from './fairness/client-shares.js';
import { ReadShares } from './fairness/read-shares.js';
import { SpentWork } from './fairness/spent-work.js';
import { ReadTurns } from './fairness/read-turns.js';
import type { Endpoint, EndpointRegistry } from './endpoint/endpoint-registry.js';
import { checkOptions } from './options-check.js';
import { resolveLimits } from './limit-rules.js';
import { resolveShutdown } from './shutdown-times.js';
import type { StreamsLimits } from './streams-limits.js';
import type { ShutdownOptions, StreamsOptions } from './streams.options.js';
import { ClientAddress, networkOf } from './transport/client-address.js';
import { OriginPolicy } from './transport/origin-policy.js';
import { refuseUpgrade } from './transport/refuse-upgrade.js';
import {
  handshakeOf,
  isForPath,
  refusalOfForm,
  TOO_EARLY,
  type Upgrade,
  type UpgradeRefusal,
} from './transport/upgrade-request.js';
import { WsServer } from './transport/ws-server.js';
import type { Wire, WireReceiver } from './transport/wire.js';

const DEFAULT_PATH = '/streams';
/** The defaults of `heartbeat`, in milliseconds. */
export const DEFAULT_HEARTBEAT = { pingMs: 25_000, pongMs: 10_000 };
/** The default of `recheckMs`. */
export const DEFAULT_RECHECK_MS = 300_000;
const MAX_NAMES_LOGGED = 50;
const RETRY_AFTER_DRAIN_SECONDS = 2;
const NO_ADDRESS = {
  status: 400,
  message: 'X-Forwarded-For names no IP address where "trustProxy" of StreamsModule expects one.',
};

/** A new client with its address. */
interface Client extends ConnectingClient {
  readonly address: string;
}

/** Accepts upgrade requests, creates connections, and ends them at the shutdown. */
export class StreamsServer {
  readonly path: string;
  readonly registry: ConnectionRegistry;
  readonly results: ResultCache;
  readonly resumableCalls: ResumableCalls;
  readonly signInGate: SignInGate;
  readonly readTurns: ReadTurns;
  readonly readShares: ReadShares;
  private readonly logger = new Logger('Streams');
  private readonly errorLog = new LogLimiter((line, stack) => this.logger.error(line, stack), {
    linesPerMinute: ERROR_LINES_PER_MINUTE,
  });
  private readonly clientLog: ClientLog;
  private readonly limits: StreamsLimits;
  private readonly sockets: WsServer;
  private readonly subprotocols: readonly string[];
  private readonly origins: OriginPolicy;
  private readonly addresses: ClientAddress;
  private readonly context: ConnectionContext & { readonly shutdown: ShutdownOptions };
  private readonly sweeper: ConnectionSweeper;
  private readonly revocations: Revocations;
  private readonly evictions: Evictions;
  readonly userMessages: UserMessages;
  private draining: Promise<void> | undefined;
  private isStarted = false;
  private refused = 0;
  private hasWarnedOfHeader = false;
  private hasWarnedOfProxies = false;

  constructor(
    private readonly options: StreamsOptions,
    endpoints: EndpointRegistry,
    readonly channels: ClientChannels,
    authenticator: StreamAuthenticator | undefined,
  ) {
    checkOptions(options, authenticator);
    const limits = resolveLimits(options.limits);
    const { clock = SYSTEM_CLOCK } = options.messages ?? {};
    const heartbeat = { ...DEFAULT_HEARTBEAT, ...options.heartbeat };
    const codecs = codecsOf(limits, options.codecs);
    this.path = options.path ?? DEFAULT_PATH;
    this.limits = limits;
    this.clientLog = new ClientLog(this.path, authenticator !== undefined);
    this.registry = new ConnectionRegistry(limits);
    const subprotocols = (this.subprotocols = codecs.map(({ subprotocol }) => subprotocol));
    this.sockets = new WsServer(limits, { subprotocols, compression: options.compression ?? 'off' });
    const addresses = (this.addresses = new ClientAddress(options.trustProxy));
    const shares = new ClientShares(addresses);
    this.results = new ResultCache(limits, channels.claims, shares);
    const isProxied = (request: IncomingMessage): boolean => addresses.isProxied(request);
    this.origins = new OriginPolicy({ origins: options.origins, hosts: options.hosts, isProxied });
    const signIn = new SignIn(authenticator, limits.authenticationTimeoutMs);
    const signInGate = (this.signInGate = new SignInGate(signIn, shares, limits));
    const readTurns = (this.readTurns = new ReadTurns(shares, limits));
    const readShares = (this.readShares = new ReadShares(limits));
    const recheck = this.makeRecheck(signIn);
    const spentWork = new SpentWork(limits);
    const swept = [this.registry, this.results, signInGate, readShares, spentWork];
    this.sweeper = new ConnectionSweeper(this.registry, limits, { heartbeat, recheck, swept });
    this.revocations = new Revocations(channels.messages, recheck, () => this.registry.all());
    this.evictions = new Evictions(channels, this.registry);
    this.userMessages = new UserMessages(channels.messages, this.registry);
    this.resumableCalls = new ResumableCalls({
      store: channels.backend.calls ?? new LocalCallStore(clock),
      clock,
      messages: channels.messages,
      limits,
      wireErrorOf: (error) =>
        toWireError(error, (errorId, cause) => this.logError(`${errorId} in a resumable call`, cause)),
    });
    this.context = {
      limits,
      clock,
      heartbeat,
      shutdown: resolveShutdown(options.shutdown),
      endpoints,
      messages: channels.messages,
      frames: new Map(codecs.map((codec) => [codec.subprotocol, new MessageFrames(codec)])),
      signIn,
      signInGate,
      shares,
      readTurns,
      readShares,
      spentWork,
      earlyBudget: new EarlyBudget(limits, addresses),
      registry: this.registry,
      channels,
      results: this.results,
      resumableCalls: this.resumableCalls,
      coalescer: new WriteCoalescer(() => this.sockets.turnEnded()),
      clientLog: this.clientLog,
      logError: (errorId, error) => this.logError(errorId, error),
    };
  }

  /** Starts the checks of connections; resolves when the orders of other servers are received. */
  async start(): Promise<void> {
    this.channels.assertSupported(this.context.endpoints.all().flatMap(storeUses));
    this.sweeper.start();
    this.isStarted = true;
    await this.channels.start();
    this.logger.log(this.summary());
    const users = this.context.signIn.isConfigured ? [this.revocations, this.userMessages] : [];
    await Promise.all([this.evictions, ...users].map((service) => service.start()));
  }

  /** Checks the open connections of a user again; see `StreamsService.revoke`. */
  revoke(revocation: UserRevocation): Promise<PostResult> {
    if (this.context.signIn.isConfigured) return this.revocations.revoke(revocation);
    return Promise.reject(withoutAuthenticator('revoke'));
  }

  /** Sends a message to the sessions of a user; see `StreamsService.sendToUser`. */
  sendToUser(endpoint: string, userId: string, message: Message): Promise<PostResult> {
    if (this.context.signIn.isConfigured) return this.userMessages.send(endpoint, userId, message);
    return Promise.reject(withoutAuthenticator('sendToUser'));
  }

  /** Ends streams in the cluster; see `StreamsService.close`. */
  close(which: StreamsToClose, reason: SessionCloseReason | string): Promise<PostResult> {
    return this.evictions.close(which, reason);
  }

  /** Returns the log line of the start: path, endpoints, codecs and broker. */
  private summary(): string {
    const names = this.context.endpoints.all().map(({ name }) => name);
    const shown = names.slice(0, MAX_NAMES_LOGGED).join(', ') || 'none';
    const more = names.length > MAX_NAMES_LOGGED ? ` and ${names.length - MAX_NAMES_LOGGED} more` : '';
    const codecs = this.subprotocols.map((name) => name.slice(name.lastIndexOf('.') + 1)).join(', ');
    return `Streams at ${this.path}; endpoints: ${shown}${more}; codecs: ${codecs}; broker: ${this.brokerName()}`;
  }

  private brokerName(): string {
    const { backend } = this.channels;
    if (backend.status === 'local') return 'none, channels stay in this process';
    const name = this.options.redis ? 'Redis' : backend.constructor.name;
    return `${name}, ${backend.status}`;
  }

  private makeRecheck(signIn: SignIn): UserRecheck {
    return new UserRecheck(signIn, {
      intervalMs: this.options.recheckMs ?? DEFAULT_RECHECK_MS,
      timeoutMs: this.limits.authenticationTimeoutMs,
      logError: (errorId, error) => this.logError(errorId, error),
    });
  }

  /** Warns once that the limits by address exempt a possible proxy. */
  private warnOfProxies(request: IncomingMessage): void {
    if (this.hasWarnedOfProxies || this.options.trustProxy !== undefined) return;
    if (!this.addresses.mayBeProxied(request)) return;
    this.hasWarnedOfProxies = true;
    this.logger.warn(
      `A request came from ${request.socket.remoteAddress}, which may be a proxy, and "trustProxy" is not set: ` +
        'limits by address exempt such clients. Set "trustProxy" to the number of proxies in front of ' +
        'the server, or to 0 if there are none. This is logged once.',
    );
  }

  /** Warns once that a proxy sends no address, so that all of its clients count as one. */
  private warnOfMissingHeader(request: IncomingMessage): void {
    if (this.hasWarnedOfHeader || !this.addresses.isProxied(request)) return;
    this.hasWarnedOfHeader = true;
    this.logger.warn(
      `A request from ${request.socket.remoteAddress} came without X-Forwarded-For although "trustProxy" is set: ` +
        'limits by address count all such clients as one. Let the proxy send the header, or set "trustProxy" ' +
        'to 0 when there is none. This is logged once.',
    );
  }

  /** Handles an upgrade request for the path of streams; returns false for other paths. */
  handleUpgrade(upgrade: Upgrade): boolean {
    const { request } = upgrade;
    if (!isForPath(request, this.path)) return false;
    if (request.headers['x-forwarded-for'] === undefined) this.warnOfMissingHeader(request);
    this.warnOfProxies(request);
    const address = this.addresses.of(request);
    if (address === undefined) {
      this.refuseUpgrade(upgrade, NO_ADDRESS, request.socket.remoteAddress);
      return true;
    }
    const limitKey = this.addresses.limitKey(address);
    const client = { address, limitKey, network: limitKey ?? networkOf(address) };
    const refusal = upgrade.earlier ? TOO_EARLY : this.refusal(request, client);
    if (refusal) this.refuseUpgrade(upgrade, refusal, address);
    else this.sockets.accept(upgrade, (wire) => this.connect(wire, upgrade, client));
    return true;
  }

  /** The number of upgrade requests that were refused since the start. */
  get refusedUpgrades(): number {
    return this.refused;
  }

  /** Logs a WebSocket request for an unknown path. */
  logUnclaimed(target: string): void {
    this.clientLog.unclaimed(target);
  }

  private refuseUpgrade(upgrade: Upgrade, refusal: UpgradeRefusal, address: string | undefined): void {
    this.refused++;
    // A draining server refuses all new connections.
    if (!this.draining) this.clientLog.upgradeRefused(refusal, address);
    refuseUpgrade(upgrade, refusal);
  }

  /** The order of the shutdown: stop listening first or last. */
  get closeListener(): ShutdownOptions['closeListener'] {
    return this.context.shutdown.closeListener;
  }

  /** True while new connections are accepted: from the start to the shutdown. */
  get isReady(): boolean {
    return this.isStarted && !this.draining;
  }

  /**
   * Drains all connections; idempotent.
   *
   * It refuses new connections and asks the clients to reconnect elsewhere. It serves each client until it
   * leaves or the deadline is over, and then closes with 4006. Sessions end as usual.
   */
  drain(): Promise<void> {
    return (this.draining ??= this.runDrain());
  }

  private async runDrain(): Promise<void> {
    const { spreadMs, deadlineMs } = this.context.shutdown;
    const startedAt = performance.now();
    const { size } = this.registry;
    this.logger.log(`Drain begins: ${connections(size)} asked to leave, ${deadlineMs} ms at most.`);
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs)));
    await slicedWork.forEach(this.registry.all(), (connection) => connection.goAway(spreadMs));
    await Promise.race([this.registry.whenEmpty(), deadline]);
    const rest = this.registry.size;
    const close = (connection: LiveConnection) => connection.close(CloseCode.Drain, 'the server drains');
    await slicedWork.forEach(this.registry.all(), close);
    await Promise.race([this.registry.whenEmpty(), this.closeTimeout(deadline)]);
    clearTimeout(timer);
    this.sweeper.stop();
    this.channels.stop();
    const tookMs = Math.round(performance.now() - startedAt);
    this.logger.log(`Drain ended after ${tookMs} ms: ${size - rest} left, ${rest} closed at the deadline.`);
    this.evictions.stop();
    await Promise.all([this.revocations.stop(), this.userMessages.stop()]);
    await this.resumableCalls.stop();
  }

  private closeTimeout(deadline: Promise<void>): Promise<void> {
    return deadline.then(() => new Promise((resolve) => setTimeout(resolve, this.limits.closeTimeoutMs)));
  }

  private connect(wire: Wire, { request, head }: Upgrade, client: Client): WireReceiver {
    const handshake = handshakeOf(request, client.address, this.options.cookie);
    const connection = new Connection(connectionId(), wire, this.context, handshake);
    this.registry.add(connection, client);
    if (head.length > this.limits.maxHelloBytes) {
      setImmediate(() => connection.close(CloseCode.TooLarge, 'too much data came with the upgrade'));
    } else if (request.headers['sec-websocket-protocol'] !== undefined && !wire.subprotocol) {
      const ours = this.subprotocols.join(', ');
      setImmediate(() => connection.close(CloseCode.UnsupportedVersion, `the subprotocol is ${ours}`));
    }
    return connection;
  }

  private refusal(request: IncomingMessage, client: Client): UpgradeRefusal | undefined {
    const ofForm = refusalOfForm(request);
    if (ofForm) return ofForm;
    if (!this.origins.knowsHost(request)) {
      const message = 'This host is not served: add it to "hosts" of StreamsModule.';
      return { status: 421, message, log: this.origins.hostProblem(request) };
    }
    if (!this.origins.allows(request)) {
      const message = 'This origin may not connect: add it to "origins" of StreamsModule.';
      return { status: 403, message, log: this.origins.originProblem(request) };
    }
    if (this.draining) {
      const headers = { 'Retry-After': String(RETRY_AFTER_DRAIN_SECONDS) };
      return { status: 503, message: 'The server shuts down.', headers };
    }
    const full = this.registry.refusal(client);
    if (!full) return undefined;
    const { status, message, limit, retryAfterSeconds } = full;
    const log = `${message} Raise "limits.${limit}" if they are yours; see "trustProxy" where a proxy is in front.`;
    return { status, message, log, headers: { 'Retry-After': String(retryAfterSeconds) } };
  }

  private logError(errorId: string, error: unknown): void {
    this.errorLog.error('error', `Error ${errorId}`, error);
  }
}

function storeUses({ name, once, methods }: Endpoint): MissingCapability[] {
  const calls = [...methods].filter(([, { isOnce }]) => isOnce);
  const uses = [
    ...[...(once ?? [])].map((message) => `@OnStreamMessage for '${message}'`),
    ...calls.map(([method]) => `@StreamMethod for "${method}"`),
  ];
  const resumable = [...methods].filter(([, facts]) => facts.resumable);
  return [
    ...uses.map((use) => ({
      capability: 'claims' as const,
      neededBy: `The option "once" of ${use} on the endpoint "${name}"`,
    })),
    ...resumable.map(([method]) => ({
      capability: 'calls' as const,
      neededBy: `The option "resumable" of @StreamMethod for "${method}" on the endpoint "${name}"`,
    })),
  ];
}

function connections(count: number): string {
  return count === 1 ? '1 connection' : `${count} connections`;
}

/** Returns the codecs of the server; JSON is always one of them. */
function codecsOf(limits: StreamsLimits, others: readonly CodecOption[] = []): Codec[] {
  const { maxJsonDepth: maxDepth, maxJsonNodes: maxNodes } = limits;
  const { maxJsonKeys: maxKeys, maxJsonItems: maxItems } = limits;
  const bounds = { maxDepth, maxNodes, maxKeys, maxItems };
  return [new JsonCodec(bounds), ...others.map((codec) => codec.withLimits(bounds))];
}

function withoutAuthenticator(method: string): StreamsConfigurationError {
  const problem = `${method}() needs an authenticator: give StreamsModule the option "authenticator".`;
  return new StreamsConfigurationError([problem]);
}
