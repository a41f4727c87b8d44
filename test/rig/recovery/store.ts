import type { Position } from '@nestwire/messages';
import type { HistoryStore, Broker } from '@nestwire/messages/backend';

/** The access of one process of the cluster to the store. */
export interface StoreNode {
  readonly backend: Broker;
  readonly history: HistoryStore;
}

/** Stores the histories of a cluster, and can return to an older state. */
export interface Store {
  /** Adds a process. */
  open(): StoreNode;
  /** Returns what takes a channel back to what it is now; all processes hear nothing of it. */
  save(channel: string): Promise<() => Promise<void>>;
  /** The history of a channel is lost, and begins anew. */
  lose(channel: string): Promise<void>;
  /** The top of a channel; undefined while it has none. */
  head(channel: string): Promise<Position | undefined>;
  /** Lets go of channels that are used no more. */
  forget(channels: readonly string[]): Promise<void>;
  /** Waits a moment, as long as something on its way may take to move on. */
  turn(): Promise<void>;
}
