import { Logger } from '@nestjs/common';
import type { MessagesService, PresenceService } from '@nestwire/messages';
import {
  LocalRevokedTokenStore,
  type Broker,
  type ClaimStore,
  type MissingCapability,
} from '@nestwire/messages/backend';
import { assertCapabilities, LogLimiter, MissingClaimStore } from '@nestwire/messages/internal';
import { EphemeralFanout } from './ephemeral-fanout.js';
import type { ChannelSnapshots } from './channel-snapshots.js';
import { RecoverableFanout } from './recoverable-fanout.js';
import { ResumeTokenSigner } from './resume-token-signer.js';
import { TokenRevocations } from '../auth/token-revocations.js';

const RETRY_MS = 5_000;

/** The options for clients that resume their channels. */
export interface ResumeOptions {
  /**
   * The maximum age of a resume position, in milliseconds.
   *
   * @default 86_400_000
   */
  readonly maxAgeMs: number;
  /**
   * The secret that signs resume tokens, the same on all servers; at least 32 characters.
   *
   * @default the secret of the broker; without one, a secret of this process
   */
  readonly secret?: string;
}

/** The services that connect the processes of the cluster. */
export interface ClusterLink {
  readonly messages: MessagesService;
  readonly presence: PresenceService;
  readonly backend: Broker;
}

/** The channels that clients of this process are subscribed to. */
export class ClientChannels {
  readonly messages: MessagesService;
  readonly presence: PresenceService;
  readonly backend: Broker;
  readonly fanout: EphemeralFanout;
  readonly recoverable: RecoverableFanout;
  readonly resumeTokens: ResumeTokenSigner;
  readonly revocations: TokenRevocations;
  readonly resumeTokenMs: number;
  private readonly log = new LogLimiter((line) => new Logger('Streams').warn(line));

  constructor(
    { messages, presence, backend }: ClusterLink,
    readonly snapshots: ChannelSnapshots,
    private readonly options: ResumeOptions,
  ) {
    this.messages = messages;
    this.presence = presence;
    this.backend = backend;
    this.fanout = new EphemeralFanout(messages);
    this.recoverable = new RecoverableFanout(messages);
    this.resumeTokenMs = options.maxAgeMs;
    this.resumeTokens = new ResumeTokenSigner(options.maxAgeMs);
    // A broker without a history needs no list, because no channel issues resume tokens.
    const store = backend.revokedTokens ?? new LocalRevokedTokenStore({ beginning: 0 });
    this.revocations = new TokenRevocations(store, options.maxAgeMs);
  }

  /** The claims of messages that are handled once in the cluster. */
  get claims(): ClaimStore {
    return this.backend.claims ?? new MissingClaimStore(this.backend);
  }

  /** The number of channels with a subscribed client. */
  get size(): number {
    return this.fanout.channels + this.recoverable.channels;
  }

  /**
   * Checks that the broker has the members that endpoints, snapshots and resume tokens need.
   *
   * @throws {MissingCapabilityError} with all uses whose member is missing
   */
  assertSupported(uses: readonly MissingCapability[]): void {
    assertCapabilities(this.backend, [...uses, ...this.snapshots.uses, ...this.resumeUses()]);
  }

  /** Reads the cluster's secret and revocations; until then tokens are valid in this process only. */
  async start(): Promise<void> {
    await Promise.all([this.learnSecret(), this.revocations.start()]);
  }

  /** Stops the work of `start`. */
  stop(): void {
    this.revocations.stop();
  }

  private resumeUses(): MissingCapability[] {
    if (!this.backend.history || this.backend.status === 'local') return [];
    const uses: MissingCapability[] = [
      { capability: 'revokedTokens', neededBy: 'Resuming channels with history' },
      { capability: 'secret', neededBy: 'Resuming channels with history without the option "resume.secret"' },
    ];
    return this.options.secret === undefined ? uses : uses.slice(0, 1);
  }

  private async learnSecret(): Promise<void> {
    try {
      const secret = this.options.secret ?? (await this.backend.secret?.());
      if (secret !== undefined) this.resumeTokens.use(secret);
    } catch (error) {
      this.log.log(
        'secret',
        `Clients cannot resume on other servers yet, because the cluster's secret is unknown: ${(error as Error).message}`,
      );
      setTimeout(() => void this.learnSecret(), RETRY_MS).unref();
    }
  }
}
