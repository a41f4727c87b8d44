/** One field that validation refused. */
export interface ErrorDetail {
  /** Where, as in `amount.cents` or `items.2.name`; empty for the message itself. */
  readonly path: string;
  /** What is wrong with it, for a developer to read. */
  readonly message: string;
  /** A code for a program to act by, where there is one: `UNKNOWN_PROPERTY`. */
  readonly code?: string;
}

/** An error as it travels in a frame. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly ErrorDetail[];
  /** When trying again makes sense, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

/** What a coded error may carry beside its code and text. */
export interface CodedErrorOptions extends ErrorOptions {
  readonly details?: readonly ErrorDetail[];
  readonly retryAfterMs?: number;
}

/**
 * An error with a stable code: the only kind whose text reaches the other side.
 *
 * Throw one from a handler to tell the client why; compare `code`, not the class.
 */
export class CodedError extends Error {
  declare readonly details?: readonly ErrorDetail[];
  /** When trying again makes sense, in milliseconds from now. */
  declare readonly retryAfterMs?: number;

  constructor(
    readonly code: string,
    message: string,
    options: CodedErrorOptions = {},
  ) {
    super(message, options);
    const { details, retryAfterMs } = options;
    Object.assign(this, { name: 'CodedError', details, retryAfterMs });
  }
}

/** Returns the part of an error that may leave this process. */
export function wireErrorOf({ code, message, details, retryAfterMs }: CodedError): WireError {
  // What is undefined does not appear in JSON.
  return { code, message, details, retryAfterMs };
}
