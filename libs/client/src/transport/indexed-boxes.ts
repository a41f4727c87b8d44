/** One message of a box and its key. */
export interface BoxEntry<T> {
  readonly key: number;
  readonly value: T;
}

/** The state of a box besides its messages. */
export interface BoxHead {
  /** The client id of its owner. */
  readonly client: string;
  /** The highest id used with this client id. */
  readonly lastId: number;
}

/** Changes of a box by key; undefined removes a message. */
export type BoxChanges<T> = ReadonlyMap<number, T | undefined>;

interface Request<T = unknown> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
  onupgradeneeded: (() => void) | null;
}

interface Store {
  put(value: unknown, key: unknown): void;
  delete(keys: unknown): void;
  get(key: unknown): Request;
  getAll(keys?: unknown): Request<unknown[]>;
  getAllKeys(keys?: unknown): Request<unknown[]>;
}

interface Transaction {
  readonly error: unknown;
  objectStore(name: string): Store;
  abort(): void;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
}

interface Database {
  createObjectStore(name: string): void;
  transaction(names: string[], mode: string, options: object): Transaction;
  close(): void;
  onversionchange: (() => void) | null;
}

interface Locks {
  request(name: string, options: object, run: (lock: unknown) => unknown): Promise<unknown>;
}

interface Platform {
  readonly indexedDB: { open(name: string, version: number): Request<Database> };
  readonly IDBKeyRange: { bound(lower: unknown, upper: unknown): unknown };
  readonly navigator: { readonly locks: Locks };
}

const HEADS = 'heads';
const MESSAGES = 'messages';

/** Boxes in the IndexedDB of the origin; a lock marks the owner of each box. */
export class IndexedBoxes<T> {
  readonly #name: string;
  readonly #database: Database;
  readonly #locks: Locks;
  readonly #ranges: Platform['IDBKeyRange'];

  private constructor(name: string, database: Database, { navigator, IDBKeyRange }: Platform) {
    this.#name = name;
    this.#database = database;
    this.#locks = navigator.locks;
    this.#ranges = IDBKeyRange;
    // A page that deletes the database must not wait for this one.
    database.onversionchange = () => database.close();
  }

  /**
   * Opens the database; creates it if it does not exist.
   *
   * @throws {Error} when the platform lacks IndexedDB or Web Locks, or denies access
   */
  static open<T>(name: string): Promise<IndexedBoxes<T>> {
    // The DOM's types are not available in Node.
    const platform = globalThis as unknown as Platform;
    if (!platform.indexedDB || !platform.navigator?.locks)
      throw new Error('IndexedDB or Web Locks is missing');
    const request = platform.indexedDB.open(name, 1);
    return new Promise((resolve, reject) => {
      request.onupgradeneeded = () =>
        [HEADS, MESSAGES].forEach((store) => request.result.createObjectStore(store));
      request.onsuccess = () => resolve(new IndexedBoxes(name, request.result, platform));
      request.onerror = () => reject(request.error as Error);
    });
  }

  /** Runs a function exclusively among the pages of the origin. */
  exclusively<R>(run: () => Promise<R>): Promise<R> {
    return this.#locks.request(this.#name, {}, run) as Promise<R>;
  }

  /** Takes a box without an owner; returns the function that releases it, or undefined. */
  take(box: number): Promise<(() => void) | undefined> {
    return new Promise((resolve, reject) => {
      const hold = (lock: unknown) =>
        lock ? new Promise<void>((release) => resolve(release)) : resolve(undefined);
      this.#locks.request(`${this.#name}.${box}`, { ifAvailable: true }, hold).catch(reject);
    });
  }

  /** Returns the numbers of all boxes. */
  async numbers(): Promise<number[]> {
    return (await this.#read((transaction) => transaction.objectStore(HEADS).getAllKeys())) as number[];
  }

  async head(box: number): Promise<BoxHead | undefined> {
    return (await this.#read((transaction) => transaction.objectStore(HEADS).get(box))) as BoxHead;
  }

  /** Returns the messages of a box, in order. */
  async entries(box: number): Promise<BoxEntry<T>[]> {
    const range = this.#all(box);
    const keys = await this.#read((transaction) => transaction.objectStore(MESSAGES).getAllKeys(range));
    const values = await this.#read((transaction) => transaction.objectStore(MESSAGES).getAll(range));
    return values.map((value, at) => ({ key: (keys[at] as number[])[1], value: value as T }));
  }

  /** Changes a box and its head; resolves when all is on disk, rejects when nothing has changed. */
  write(box: number, changes: BoxChanges<T>, head?: BoxHead): Promise<void> {
    return this.#change((heads, messages) => {
      if (head) heads.put(head, box);
      for (const [key, value] of changes)
        if (value) messages.put(value, [box, key]);
        else messages.delete([box, key]);
    });
  }

  /** Deletes a box and adds messages to another; resolves when both are on disk. */
  merge(from: number, into: number, changes: BoxChanges<T>): Promise<void> {
    return this.#change((heads, messages) => {
      heads.delete(from);
      messages.delete(this.#all(from));
      for (const [key, value] of changes) messages.put(value, [into, key]);
    });
  }

  close(): void {
    this.#database.close();
  }

  /** Returns the range of all keys of a box; arrays sort after numbers. */
  #all(box: number): unknown {
    return this.#ranges.bound([box], [box, []]);
  }

  #read<R>(ask: (transaction: Transaction) => Request<R>): Promise<R> {
    const transaction = this.#database.transaction([HEADS, MESSAGES], 'readonly', {});
    const request = ask(transaction);
    return settled(transaction).then(() => request.result);
  }

  async #change(make: (heads: Store, messages: Store) => void): Promise<void> {
    // Messages must survive a crash of the machine.
    const options = { durability: 'strict' };
    const transaction = this.#database.transaction([HEADS, MESSAGES], 'readwrite', options);
    const done = settled(transaction);
    try {
      make(transaction.objectStore(HEADS), transaction.objectStore(MESSAGES));
    } catch (error) {
      // Abort, so that earlier changes of this transaction are not stored alone.
      transaction.abort();
      await done.catch(() => undefined);
      throw error;
    }
    await done;
  }
}

function settled(transaction: Transaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject((transaction.error ?? new Error('The storage was closed')) as Error);
  });
}
