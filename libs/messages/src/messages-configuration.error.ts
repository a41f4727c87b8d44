import { MessagesError, MessagesErrorCode } from './messages.error.js';

/** All configuration mistakes of `MessagesModule` at once; bootstrap fails with it. */
export class MessagesConfigurationError extends MessagesError {
  constructor(
    /** One sentence a mistake: where it is, and the remedy. */
    readonly problems: readonly string[],
    options: ErrorOptions = {},
  ) {
    super(
      MessagesErrorCode.Configuration,
      `MessagesModule is not configured rightly:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      options,
    );
    this.name = 'MessagesConfigurationError';
  }
}
