import { inspect } from 'node:util';

const PERIOD_MS = 60_000;
const MAX_KINDS = 256;
const MAX_LINE_LENGTH = 1_000;
const MAX_STACK_LENGTH = 2_000;
const OTHERS = 'others';
/** Control characters, line separators, and marks that change the direction of text. */
// oxlint-disable-next-line no-control-regex -- control characters are what is replaced
const NOT_IN_A_LINE = /[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;
// oxlint-disable-next-line no-control-regex -- control characters are what is replaced
const NOT_IN_A_STACK = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** The lines of one kind of error that are written within a minute. */
export const ERROR_LINES_PER_MINUTE = 10;

/** The limit and the clock of a limiter. */
export interface LogLimiterSetup {
  /**
   * The lines of one kind that are written within a minute.
   *
   * @default 1
   */
  readonly linesPerMinute?: number;
  readonly now?: () => number;
}

interface Kind {
  periodEndsAtMs: number;
  written: number;
  suppressed: number;
}

/**
 * Bounds the lines that clients, brokers and failing code can write to the log.
 *
 * The first lines of a kind within a minute are written; the others are counted. The first line after the
 * minute shows the count. Lines and stacks are cut, and the number of kinds is bounded.
 */
export class LogLimiter {
  private readonly kinds = new Map<string, Kind>();
  private readonly linesPerMinute: number;
  private readonly now: () => number;

  constructor(
    private readonly write: (line: string, stack?: string) => void,
    { linesPerMinute = 1, now = Date.now }: LogLimiterSetup = {},
  ) {
    this.linesPerMinute = linesPerMinute;
    this.now = now;
  }

  /** Writes the line, unless the limit of its kind is reached. */
  log(kind: string, line: string, stack?: () => string | undefined): void {
    const nowMs = this.now();
    const state = this.kindOf(kind, nowMs);
    if (nowMs >= state.periodEndsAtMs) {
      state.periodEndsAtMs = nowMs + PERIOD_MS;
      state.written = 0;
    }
    if (state.written >= this.linesPerMinute) {
      state.suppressed++;
      return;
    }
    state.written++;
    const { suppressed } = state;
    state.suppressed = 0;
    const text = lineOf(line);
    this.write(
      suppressed ? `${text} (${suppressed} more like it since the last line)` : text,
      stackOf(stack?.()),
    );
  }

  /** Writes an error; errors from one place in the code are of one kind. */
  error(where: string, line: string, thrown: unknown): void {
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    this.log(`${where} ${placeOf(stack)}`, line, () => stack ?? textOf(thrown));
  }

  private kindOf(kind: string, nowMs: number): Kind {
    const known = this.kinds.get(kind);
    if (known) return known;
    if (this.kinds.size >= MAX_KINDS) this.forgetEnded(nowMs);
    const name = this.kinds.size >= MAX_KINDS ? OTHERS : kind;
    const made = this.kinds.get(name) ?? { periodEndsAtMs: 0, written: 0, suppressed: 0 };
    this.kinds.set(name, made);
    return made;
  }

  private forgetEnded(nowMs: number): void {
    for (const [kind, { periodEndsAtMs }] of this.kinds) if (nowMs >= periodEndsAtMs) this.kinds.delete(kind);
  }
}

/** Returns the text as one line, so that a client cannot forge lines of the log. */
function lineOf(text: string): string {
  return text.slice(0, MAX_LINE_LENGTH).replace(NOT_IN_A_LINE, ' ');
}

/** Returns the stack with its line breaks, but without control characters. */
function stackOf(stack: string | undefined): string | undefined {
  return stack?.slice(0, MAX_STACK_LENGTH).replace(NOT_IN_A_STACK, ' ');
}

function textOf(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? thrown : inspect(thrown, { maxStringLength: MAX_LINE_LENGTH });
  } catch {
    return 'an error without a text';
  }
}

/** Returns the place in the code of an error, without the text, which a client may have chosen. */
function placeOf(stack: string | undefined): string {
  return /\n\s+at [^\n]{1,200}/.exec(stack?.slice(0, 4 * MAX_STACK_LENGTH) ?? '')?.[0].trim() ?? '';
}
