/** One field that failed validation. */
export interface ErrorDetail {
  /** The path of the field, such as `amount.cents` or `items.2.name`; empty for the message itself. */
  readonly path: string;
  /** The problem, in words for a developer. */
  readonly message: string;
  /** A code for programs, if there is one, such as `UNKNOWN_PROPERTY`. */
  readonly code?: string;
}

/** An error in a frame. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly ErrorDetail[];
  /** The time to wait before a retry, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** The optional properties of a coded error. */
export interface CodedErrorOptions extends ErrorOptions {
  readonly details?: readonly ErrorDetail[];
  readonly retryAfterMs?: number;
}

/**
 * An error with a stable code; only coded errors show their text to the peer.
 *
 * Throw one in a handler to report the reason to the client. Compare `code`, not the class.
 */
export class CodedError extends Error {
  declare readonly details?: readonly ErrorDetail[];
  /** The time to wait before a retry, in milliseconds. */
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

/** Returns the part of an error that is sent to the peer. */
export function wireErrorOf({ code, message, details, retryAfterMs }: CodedError): WireError {
  // JSON leaves out undefined properties.
  return { code, message, details, retryAfterMs };
}
