import type { INestApplication, LoggerService } from '@nestjs/common';

/** The lines that an application writes, in place of Nest's console. */
export class CapturedLog implements LoggerService {
  readonly lines: string[] = [];
  /** The stack of each line; undefined without one. */
  readonly stacks: Array<string | undefined> = [];

  /** Gives the log to an application, as `main.ts` would. */
  readonly install = (app: INestApplication): void => app.useLogger(this);

  log(line: unknown): void {
    this.write(line);
  }

  error(line: unknown, stack?: string): void {
    this.write(line, stack);
  }

  warn(line: unknown): void {
    this.write(line);
  }

  /** Returns the lines that hold a text. */
  with(text: string): string[] {
    return this.lines.filter((line) => line.includes(text));
  }

  private write(line: unknown, stack?: string): void {
    this.lines.push(String(line));
    this.stacks.push(stack);
  }
}
