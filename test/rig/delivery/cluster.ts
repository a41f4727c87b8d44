import { Branch, Names, type Naming } from './branch.js';
import { ModelClient } from './client.js';
import { ModelNode } from './node.js';
import type { DeliveryRules } from './rules.js';

/** The weight of each event. */
const WEIGHTS = {
  post: 14,
  retry: 0,
  handle: 22,
  join: 7,
  subscribe: 3,
  read: 4,
  recover: 4,
  leave: 2,
  loseHeard: 2,
  save: 2,
  restore: 2,
  failOver: 1,
  moveCommands: 1,
  moveSubscriber: 1,
  restart: 1,
  evict: 1,
  checkPositions: 3,
};

/** How often all come to rest at the end: what was buffered of another branch may break each time. */
const ROUNDS = 30;

/** The kinds of what may happen. */
export type StepKind = keyof typeof WEIGHTS;

/** One thing that happens: what, to which node, and which client or how much. */
export type Step = readonly [kind: StepKind, node: number, choice: number];

/** The kinds with their weights; retries are off unless they are given one. */
export function weightedKinds(retry = WEIGHTS.retry): ReadonlyArray<readonly [StepKind, number]> {
  return Object.entries({ ...WEIGHTS, retry }) as ReadonlyArray<[StepKind, number]>;
}

/**
 * A model of a cluster: two nodes, two clients, one channel, and the branches of its history.
 *
 * The last branch is the one that all come to in the end. An older one goes on while somebody uses it, as
 * a master does that does not know that it was replaced.
 */
export class ModelCluster {
  readonly clients: readonly ModelClient[];
  readonly #nodes: readonly ModelNode[];
  readonly #names = new Names();
  readonly #posted: string[] = [];
  readonly #saved: Branch[] = [];
  #last: Branch;

  constructor(rules: DeliveryRules, naming: Naming = 'message') {
    this.#last = new Branch(this.#names, naming);
    this.clients = [0, 1].map(() => new ModelClient(rules.remembersIds));
    this.#nodes = [0, 1].map(() => new ModelNode(this.#last, this.#last, rules));
  }

  /** The branch that all came to. */
  get final(): Branch {
    return this.#last;
  }

  step([kind, nodeIndex, choice]: Step): void {
    const node = this.#nodes[nodeIndex % 2]!;
    this.#steps[kind](node, this.clients[choice % 2]!, choice);
  }

  /** Ends all faults, and lets everybody come to rest. */
  heal(): void {
    for (const node of this.#nodes) {
      node.isUp = true;
      this.#moveCommands(node);
      if (node.hears !== this.#last) this.#moveSubscriber(node);
    }
    for (let round = 0; round < ROUNDS; round++) this.#settle();
  }

  readonly #steps: Record<StepKind, (node: ModelNode, client: ModelClient, choice: number) => void> = {
    post: (node) => this.#post(node, this.#names.next('message')),
    retry: (node, _client, choice) => this.#retry(node, choice),
    handle: (node) => node.handle(),
    join: (node, client) => this.#join(node, client),
    subscribe: (node, client) => this.#subscribe(node, client),
    read: (_node, client) => this.#nodeOf(client)?.read(client),
    recover: (_node, client) => this.#nodeOf(client)?.recover(client),
    leave: (_node, client) => void this.#nodeOf(client)?.subscriptions.delete(client),
    loseHeard: (node, _client, choice) => void node.heard.splice(0, 1 + (choice % 3)),
    save: () => void this.#saved.push(this.#last.fork()),
    restore: (_node, _client, choice) => this.#restore(choice),
    failOver: (_node, _client, choice) => this.#failOver(choice),
    moveCommands: (node) => this.#moveCommands(node),
    moveSubscriber: (node) => this.#moveSubscriber(node),
    restart: (node) => this.#restart(node),
    evict: (node, _client, choice) => (choice % 2 ? node.commands.loseMessages() : node.commands.loseTop()),
    checkPositions: (node) => node.checkPositions(),
  };

  #post(node: ModelNode, id: string): void {
    const message = node.commands.store(id);
    this.#posted.push(id);
    if (!message) return;
    for (const other of this.#nodes)
      if (other.isUp && other.hears === node.commands) other.heard.push(message);
  }

  /** Posts again one of the last messages, as a publisher does that got no reply. */
  #retry(node: ModelNode, choice: number): void {
    const id = this.#posted.at(-1 - choice);
    if (id) this.#post(node, id);
  }

  #join(node: ModelNode, client: ModelClient): void {
    this.#subscribe(node, client);
    this.#nodeOf(client)?.read(client);
    this.#nodeOf(client)?.recover(client);
  }

  #subscribe(node: ModelNode, client: ModelClient): void {
    if (!this.#nodeOf(client)) node.subscribe(client);
  }

  #nodeOf(client: ModelClient): ModelNode | undefined {
    return this.#nodes.find(({ subscriptions }) => subscriptions.has(client));
  }

  /** The Redis of the last branch starts again with what it had saved. */
  #restore(choice: number): void {
    const saved = this.#saved[choice % this.#saved.length];
    if (!saved) return;
    const lost = this.#last;
    this.#last = saved.fork();
    for (const node of this.#nodes) {
      node.heard = [];
      if (node.commands === lost) node.commands = this.#last;
      if (node.hears === lost) node.hears = this.#last;
    }
  }

  /** A replica takes over, up to date or not; who follows it, follows later. */
  #failOver(choice: number): void {
    const replica = choice % 2 ? this.#saved[choice % this.#saved.length] : this.#last;
    this.#last = (replica ?? this.#last).fork();
  }

  #moveCommands(node: ModelNode): void {
    node.commands = this.#last;
  }

  #moveSubscriber(node: ModelNode): void {
    node.hears = this.#last;
    node.heard = [];
  }

  #restart(node: ModelNode): void {
    if (node.isUp) return node.stop();
    node.isUp = true;
    this.#moveCommands(node);
    this.#moveSubscriber(node);
  }

  #settle(): void {
    for (const node of this.#nodes) while (node.heard.length > 0) node.handle();
    for (const node of this.#nodes) node.checkPositions();
    for (const client of this.clients) this.#join(this.#nodeOf(client) ?? this.#nodes[0]!, client);
  }
}
