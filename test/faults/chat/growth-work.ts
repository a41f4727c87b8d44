import { setTimeout as wait } from 'node:timers/promises';
import type { Child } from '../../rig/child.mjs';
import { wholeTextOf } from './whole-text.mjs';

const MIN_PIECES = 5;
const MAX_PIECES = 30;
const REST_MS = 60;
/** The longest time between the beginnings of two messages, in milliseconds. */
const PAUSE_MS = 1_000;
/** The most messages of a run, so that a slow machine gets no more work than it does. */
const MAX_MESSAGES = 8;
const FAILURES = 0.15;
const IN_THREADS = 0.2;

/** The number of pieces of a message, and the time before each, in milliseconds. */
export interface GrowthLength {
  readonly pieces: number;
  readonly restMs: number;
}

/** A message that a server lets grow. */
export interface GrowthOrder extends GrowthLength {
  readonly name: string;
  readonly channel: string;
  readonly end: 'end' | 'failure';
  readonly place: 'channel' | 'thread';
  /** A number from 0 to 1 that chooses the message to answer. */
  readonly choice: number;
}

/** An ordered message, with its final state if its server has told it. */
export interface GrowthRecord {
  readonly name: string;
  readonly channel: string;
  readonly whole: string;
  readonly isFailure: boolean;
  told?: { readonly seq: number; readonly text: string | null; readonly state: string | null };
}

/** Lets servers produce messages at random, and keeps a ledger of them. */
export class GrowthWork {
  readonly ledger: GrowthRecord[] = [];
  private readonly calls = new Set<Promise<void>>();
  private working: Promise<void> = Promise.resolve();
  private isWorking = false;

  constructor(
    private readonly place: { readonly run: string; readonly channels: readonly string[] },
    private readonly random: () => number,
  ) {}

  /** Begins a message from time to time, on one of the servers. */
  start(nodes: readonly { readonly child: Child }[]): void {
    this.isWorking = true;
    this.working = (async () => {
      for (let left = MAX_MESSAGES; this.isWorking && left > 0; left--) {
        this.begin(nodes[Math.floor(this.random() * nodes.length)]!.child);
        await wait(this.random() * PAUSE_MS);
      }
    })();
  }

  /** Begins one message on a server, and returns its name. */
  begin(child: Child, length = this.drawLength()): string {
    const { place, random } = this;
    const name = `${place.run}-g${this.ledger.length}`;
    const channel = place.channels[Math.floor(random() * place.channels.length)]!;
    const isFailure = random() < FAILURES;
    const order: GrowthOrder = {
      ...{ name, channel, ...length, choice: random() },
      end: isFailure ? 'failure' : 'end',
      place: random() < IN_THREADS ? 'thread' : 'channel',
    };
    const record: GrowthRecord = { name, channel, whole: wholeTextOf(name, length.pieces), isFailure };
    this.ledger.push(record);
    // A server that dies, or has no database, tells nothing; its message may be stored nevertheless.
    const call: Promise<void> = child
      .ask('grow', order)
      .then((told: GrowthRecord['told']) => void (record.told = told))
      .catch(() => undefined)
      .finally(() => this.calls.delete(call));
    this.calls.add(call);
    return name;
  }

  private drawLength(): GrowthLength {
    const { random } = this;
    const pieces = MIN_PIECES + Math.floor(random() * (MAX_PIECES - MIN_PIECES));
    return { pieces, restMs: random() * REST_MS };
  }

  /** Begins no more messages; resolves when those of living servers have ended. */
  async rest(): Promise<void> {
    this.isWorking = false;
    await this.working;
    await Promise.all(this.calls);
  }
}
