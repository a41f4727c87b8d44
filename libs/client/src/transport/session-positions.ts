import type { ResumePosition } from '@nestwire/protocol/codec';
import { systemClock, type Clock } from './clock.js';
import { PositionStore } from './position-store.js';

/** What is kept over a reload of the page, and where. */
export interface SessionPositionsOptions {
  /** The key in `sessionStorage`; two clients of one page need two. @default 'nestwire.positions' */
  readonly key?: string;
  /** Tells which channels are kept; of the others the next page is a newcomer. @default all */
  readonly only?: (endpoint: string, channel: string) => boolean;
  /** Most channels that are kept. @default 200 */
  readonly maxChannels?: number;
  /** Most bytes that are kept, at two a character, as the browser counts. @default 131_072 */
  readonly maxBytes?: number;
  /** Longest time from a change until it is written, in ms; a page that is left writes at once. @default 1_000 */
  readonly writeMs?: number;
  /** Hears, once a kind, why positions are not kept. @default console.warn */
  readonly onWarning?: (text: string, cause?: unknown) => void;
  /** Time, for tests. @default the machine's */
  readonly clock?: Clock;
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
 * Keeps positions in the tab's `sessionStorage`, for the page loaded next.
 *
 * Where there is no such storage, or it is full or forbidden, a warning says so once and all else
 * goes on.
 */
export function sessionPositions(options: SessionPositionsOptions = {}): PositionStore {
  return new SessionPositions(options);
}

class SessionPositions extends PositionStore {
  readonly #options: Required<Omit<SessionPositionsOptions, 'only'>> & Pick<SessionPositionsOptions, 'only'>;
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
    // What somebody else wrote there would make the server refuse the whole first frame.
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

  /** Writes down what was followed last, as far as it fits. */
  #bounded(all: readonly ResumePosition[]): string {
    const { only, maxChannels, maxBytes } = this.#options;
    const wanted = all.filter(([endpoint, channel]) => !only || only(endpoint, channel));
    const texts: string[] = [];
    let bytes = BYTES_PER_CHARACTER * '[]'.length;
    for (const entry of wanted.toReversed()) {
      const text = JSON.stringify(entry);
      bytes += BYTES_PER_CHARACTER * (text.length + 1);
      if (texts.length >= maxChannels || bytes > maxBytes) {
        this.#warn('are too many: the next page is a newcomer in some channels');
        break;
      }
      texts.unshift(text);
    }
    if (texts.length && this.client) texts.push(JSON.stringify(this.client));
    return `[${texts.join()}]`;
  }

  /** Uses the storage, which may be missing, forbidden or full: asking for it can throw already. */
  #try<T>(use: (storage: Page['sessionStorage']) => T): T | undefined {
    try {
      return use(this.#page.sessionStorage);
    } catch (error) {
      this.#warn('cannot be kept', error);
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
