import type { ResumePosition } from '@nestwire/protocol/codec';
import { systemClock, type ClientClock } from './clock.js';
import { PositionStore } from './position-store.js';

/** Options of positions in `sessionStorage`. */
export interface SessionPositionsOptions {
  /** Key in `sessionStorage`; two clients of one page need two. @default 'nestwire.positions' */
  readonly key?: string;
  /** Selects the channels to store; other channels start anew in the next page. @default all */
  readonly only?: (endpoint: string, channel: string) => boolean;
  /** Maximum number of stored channels. @default 200 */
  readonly maxChannels?: number;
  /** Maximum size, in bytes, at two per character like browsers. @default 131_072 */
  readonly maxBytes?: number;
  /** Delay from a change to its write, in ms; leaving the page writes at once. @default 1_000 */
  readonly writeMs?: number;
  /** Called with the reason why positions are not stored, once per kind. @default console.warn */
  readonly onWarning?: (text: string, cause?: unknown) => void;
  /** Clock, for tests. @default that of the platform */
  readonly clock?: ClientClock;
}

interface Page {
  readonly sessionStorage: {
    getItem(key: string): string | null;
    setItem(key: string, text: string): void;
    removeItem(key: string): void;
  };
  addEventListener?(type: 'pagehide', listener: () => void, options: { signal: AbortSignal }): void;
}

const BYTES_PER_CHARACTER = 2;

/**
 * Stores positions in the tab's `sessionStorage`, for the next page.
 *
 * If the storage is missing, denied or full, a warning says so once, and everything else works.
 */
export function sessionPositions(options: SessionPositionsOptions = {}): PositionStore {
  return new SessionPositions(options);
}

class SessionPositions extends PositionStore {
  readonly #options: Required<Omit<SessionPositionsOptions, 'only'>> & Pick<SessionPositionsOptions, 'only'>;
  // The DOM's types are not available in Node.
  readonly #page = globalThis as unknown as Page;
  readonly #warned = new Set<string>();
  #isStale = false;
  #written?: string;
  #cancel?: () => void;
  #watch?: AbortController;

  constructor(options: SessionPositionsOptions) {
    super();
    this.#options = {
      only: options.only,
      key: options.key ?? 'nestwire.positions',
      maxChannels: options.maxChannels ?? 200,
      maxBytes: options.maxBytes ?? 131_072,
      writeMs: options.writeMs ?? 1_000,
      onWarning: options.onWarning ?? console.warn,
      clock: options.clock ?? systemClock,
    };
  }

  load(): readonly ResumePosition[] {
    const text = this.#try((storage) => storage.getItem(this.#options.key));
    const entries = parsed(text);
    this.client = entries.find((entry) => typeof entry === 'string');
    // A malformed position would make the server refuse the whole `hello`.
    return entries.filter(isResumePosition).slice(-this.#options.maxChannels);
  }

  protected changed(): void {
    this.#isStale = true;
    if (!this.#watch) {
      this.#watch = new AbortController();
      this.#page.addEventListener?.('pagehide', () => this.#write(), this.#watch);
    }
    this.#cancel ??= this.#options.clock.after(this.#options.writeMs, () => this.#write());
  }

  clear(): void {
    this.#stopTimer();
    this.#watch?.abort();
    this.#isStale = false;
    this.#watch = this.#written = undefined;
    this.#try((storage) => storage.removeItem(this.#options.key));
  }

  #write(): void {
    const { key } = this.#options;
    this.#stopTimer();
    if (!this.#isStale) return;
    this.#isStale = false;
    const text = this.#bounded(this.taken());
    if (text === this.#written) return;
    this.#try((storage) => {
      storage.setItem(key, text);
      this.#written = text;
    });
  }

  /** Encodes the most recent positions up to the limits. */
  #bounded(all: readonly ResumePosition[]): string {
    const { only, maxChannels, maxBytes } = this.#options;
    const wanted = all.filter(([endpoint, channel]) => !only || only(endpoint, channel));
    const texts: string[] = [];
    let bytes = BYTES_PER_CHARACTER * '[]'.length;
    for (const entry of wanted.toReversed()) {
      const text = JSON.stringify(entry);
      bytes += BYTES_PER_CHARACTER * (text.length + 1);
      if (texts.length >= maxChannels || bytes > maxBytes) {
        this.#warn('exceed maxChannels or maxBytes: some channels start anew in the next page');
        break;
      }
      texts.unshift(text);
    }
    if (texts.length && this.client) texts.push(JSON.stringify(this.client));
    return `[${texts.join()}]`;
  }

  /** Accesses the storage; the property itself throws when access is denied. */
  #try<T>(use: (storage: Page['sessionStorage']) => T): T | undefined {
    try {
      return use(this.#page.sessionStorage);
    } catch (error) {
      this.#warn('cannot be stored', error);
      return undefined;
    }
  }

  #stopTimer(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #warn(text: string, cause?: unknown): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#options.onWarning(`nestwire: positions ${text}`, cause);
  }
}

function parsed(text: string | null | undefined): readonly unknown[] {
  try {
    const entries: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(entries) ? entries : [];
  } catch {
    return [];
  }
}

function isResumePosition(entry: unknown): entry is ResumePosition {
  if (!Array.isArray(entry) || entry.length !== 6) return false;
  const [endpoint, , , , offset] = entry as unknown[];
  const isText = entry.every((value, index) => index === 4 || typeof value === 'string');
  return isText && endpoint !== '' && Number.isSafeInteger(offset) && (offset as number) >= 0;
}
