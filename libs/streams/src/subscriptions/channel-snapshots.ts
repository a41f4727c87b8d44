import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { MissingCapability } from '@nestwire/messages/backend';
import type { RecoverableChannel } from '@nestwire/messages/internal';
import type { Message } from '@nestwire/protocol';
import { StreamsConfigurationError } from '../endpoint/streams-configuration.error.js';
import { isFinal } from '../enhancers/error-reply.js';
import { errorLog } from '../enhancers/error-log.js';
import { snapshotsOf } from './channel-snapshot.decorator.js';
import type { SubscribedSession } from './client-subscription.js';

type Query = (channel: RecoverableChannel, session: SubscribedSession) => unknown;

/**
 * Runs a query in the turn of its client.
 *
 * The promise settles as the query does; it stays pending if the query was withdrawn.
 */
export type InTurn = <T>(query: () => Promise<T>) => Promise<T>;

/** The request for a snapshot. */
export interface SnapshotRequest {
  readonly session: SubscribedSession;
  readonly inTurn: InTurn;
  isWanted(): boolean;
  /** Called after each failure that is followed by another attempt. */
  failed(): void;
}

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
/** Spreads the attempts of clients whose snapshots failed at the same time. */
const PAUSE_SPREAD = 0.5;

/** The errors that queries threw instead of a snapshot. */
const refusals = new WeakSet();

function asSnapshotRefusal(error: unknown): unknown {
  refusals.add(error as object);
  return error;
}

/** Returns whether the application threw this error instead of a snapshot. */
export function isSnapshotRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && refusals.has(error);
}

/** The methods with `@ChannelSnapshot`, by the name of their channel. */
@Injectable()
export class ChannelSnapshots implements OnModuleInit {
  /** The broker members that the marked methods need. */
  readonly uses: MissingCapability[] = [];
  private readonly queries = new Map<string, Query>();
  /** The number of consecutive failures of each query that fails at present. */
  private readonly failures = new Map<string, number>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /**
   * Finds the methods.
   *
   * @throws {StreamsConfigurationError} when two methods return the snapshot of one channel
   */
  onModuleInit(): void {
    const problems: string[] = [];
    const seen = new Set<object>();
    for (const { instance, isAlias } of [
      ...this.discovery.getProviders(),
      ...this.discovery.getControllers(),
    ]) {
      if (!instance || typeof instance !== 'object' || isAlias || seen.has(instance as object)) continue;
      seen.add(instance as object);
      problems.push(...this.find(instance as Record<string, unknown>));
    }
    if (problems.length) throw new StreamsConfigurationError(problems);
  }

  /** Returns whether a channel has a method. */
  has(channel: RecoverableChannel): boolean {
    return this.queries.has(kindOf(channel.name));
  }

  /**
   * Calls the method of a channel until it succeeds or the snapshot is no longer wanted.
   *
   * It pauses between attempts.
   *
   * @throws {CodedError} the coded error of the method, because another attempt would not change it
   */
  async take(channel: RecoverableChannel, request: SnapshotRequest): Promise<readonly Message[]> {
    const query = this.queries.get(kindOf(channel.name));
    if (!query) throw new Error(`No method returns the snapshot of channel "${channel.name}".`);
    const ask = async (): Promise<unknown> => (request.isWanted() ? query(channel, request.session) : []);
    for (let pauseMs = FIRST_PAUSE_MS; request.isWanted(); pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      try {
        const messages = checked(channel, await request.inTurn(ask));
        if (request.isWanted()) this.failures.delete(kindOf(channel.name));
        return messages;
      } catch (error) {
        if (isFinal(error)) throw asSnapshotRefusal(error);
        this.logFirst(channel, error);
        request.failed();
        const spreadMs = pauseMs * (1 - PAUSE_SPREAD * Math.random());
        await new Promise((resolve) => setTimeout(resolve, spreadMs).unref());
      }
    }
    return [];
  }

  /** Logs the first of several consecutive failures. */
  private logFirst({ name }: RecoverableChannel, error: unknown): void {
    const kind = kindOf(name);
    const failures = (this.failures.get(kind) ?? 0) + 1;
    this.failures.set(kind, failures);
    if (failures > 1) return;
    const remedy = 'It is requested again until it succeeds; further failures are not logged. ';
    errorLog.error(
      'snapshot',
      `The snapshot of channel "${name}" failed. ${remedy}Throw an error with a code to end the subscription.`,
      error,
    );
  }

  private find(instance: Record<string, unknown>): string[] {
    const methods = this.scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object);
    return methods.flatMap((method) =>
      snapshotsOf(instance[method]).flatMap(({ name }) => {
        const isTaken = this.queries.has(name);
        this.queries.set(name, (channel, session) => (instance[method] as Query)(channel, session));
        const where = `@ChannelSnapshot on ${instance.constructor.name}.${method}`;
        this.uses.push({ capability: 'history', neededBy: where });
        return isTaken ? [`${where}: the channel "${name}" has a snapshot already. Keep one.`] : [];
      }),
    );
  }
}

/** Returns the common prefix of the channels of one definition. */
function kindOf(name: string): string {
  const end = name.indexOf(':');
  return end < 0 ? name : name.slice(0, end);
}

function checked({ name, snapshot }: RecoverableChannel, result: unknown): readonly Message[] {
  const messages = (Array.isArray(result) ? result : [result]) as Message[];
  const wrong = messages.find((message) => !snapshot.some((cls) => message instanceof cls));
  if (wrong === undefined) return messages;
  const names = snapshot.map((cls) => cls.name).join(', ');
  throw new TypeError(
    `The snapshot of channel "${name}" must consist of the classes in its definition: ${names}.`,
  );
}
