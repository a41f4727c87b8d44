import { randomUUID } from 'node:crypto';
import { HttpStatus } from '@nestjs/common';
import { CodedError, ErrorCode, type ErrorDetail, type WireError } from '@nestwire/protocol';
import { wireErrorOf } from '@nestwire/protocol/internal';
import { hintFor } from '../validation/message-details.js';

const MAX_DETAILS = 20;
const MAX_TEXT = 300;
/** The text of ValidationPipe with `forbidNonWhitelisted`. */
const UNKNOWN = /^property [^ ]+ should not exist$/;

/** The codes of HTTP statuses; other statuses use their name, such as NOT_FOUND. */
const CODE_OF_STATUS: Readonly<Record<number, string>> = {
  400: ErrorCode.InvalidMessage,
  401: ErrorCode.Unauthenticated,
  403: ErrorCode.Forbidden,
  408: ErrorCode.HandlerTimeout,
  413: ErrorCode.MessageTooLarge,
  422: ErrorCode.InvalidMessage,
  429: ErrorCode.RateLimited,
};

/** Logs an error under the id that the client receives instead of its text. */
export type LogError = (errorId: string, error: unknown) => void;

interface HttpExceptionLike {
  getStatus(): number;
  getResponse(): unknown;
  readonly message: string;
}

interface WsExceptionLike {
  getError(): unknown;
  readonly message: string;
}

/**
 * Converts any thrown value to the error that the client receives.
 *
 * Coded errors are sent unchanged, `HttpException` by its status, `WsException` with its text. Any other
 * error is logged, and the client receives only its id.
 */
export function toWireError(error: unknown, log: LogError): WireError {
  if (isCoded(error)) return wireErrorOf(error);
  if (isHttpException(error) && error.getStatus() !== Number(HttpStatus.INTERNAL_SERVER_ERROR))
    return fromHttp(error);
  if (isWsException(error)) return fromWs(error);
  const errorId = randomUUID().slice(0, 8);
  log(errorId, error);
  return { code: ErrorCode.Internal, message: `The server failed. Error id: ${errorId}` };
}

/** Returns true when the text of an error may be sent to the client. */
export function isAnswerable(error: unknown): boolean {
  return isCoded(error) || isHttpException(error) || isWsException(error);
}

/** Codes of errors that a retry may resolve. */
const TRANSIENT: ReadonlySet<string> = new Set(['UNAVAILABLE', 'OVERLOADED', 'BUSY']);

/**
 * Returns true when a retry would end with the same error.
 *
 * Such an error is a decision of the application. `UNAVAILABLE`, `OVERLOADED`, `BUSY`, errors with
 * `retryAfterMs` and HTTP 5xx are temporary.
 */
export function isFinal(error: unknown): boolean {
  if (isCoded(error)) return !TRANSIENT.has(error.code) && error.retryAfterMs === undefined;
  if (isHttpException(error)) return error.getStatus() < Number(HttpStatus.INTERNAL_SERVER_ERROR);
  return isWsException(error);
}

// Compare the shape, because an application may load two copies of a package.
function isCoded(error: unknown): error is CodedError {
  return (
    error instanceof CodedError || ['code', 'details', 'retryAfterMs'].every((member) => has(error, member))
  );
}

function isHttpException(error: unknown): error is HttpExceptionLike {
  return has(error, 'getStatus') && has(error, 'getResponse');
}

function isWsException(error: unknown): error is WsExceptionLike {
  return error instanceof Error && has(error, 'getError');
}

function has(error: unknown, member: string): error is object {
  return typeof error === 'object' && error !== null && member in error;
}

function fromHttp(error: HttpExceptionLike): WireError {
  const status = error.getStatus();
  const code = CODE_OF_STATUS[status] ?? HttpStatus[status] ?? ErrorCode.InvalidMessage;
  const response = error.getResponse();
  const texts = (response as { message?: unknown } | null)?.message;
  if (code !== ErrorCode.InvalidMessage || !Array.isArray(texts)) return { code, message: error.message };
  const details = texts.slice(0, MAX_DETAILS).map((text) => detailOf(String(text)));
  const first = details[0]?.message ?? error.message;
  const hint = hintFor(details);
  return { code, message: `The message is not valid: ${first}${hint && `.${hint}`}`, details };
}

/** Returns the detail of a text of ValidationPipe; default texts start with the path. */
function detailOf(text: string): ErrorDetail {
  const path = /^(?:property |each value in )?([\w$]+(?:\.[\w$]+)*) (?:must|should|has|is|contains)\b/.exec(
    text,
  )?.[1];
  const detail = { path: path ?? '', message: text.slice(0, MAX_TEXT) };
  return UNKNOWN.test(text) ? { ...detail, code: ErrorCode.UnknownProperty } : detail;
}

function fromWs(error: WsExceptionLike): WireError {
  const given = error.getError() as { code?: unknown; status?: unknown; message?: unknown } | string;
  if (typeof given !== 'object' || given === null) return { code: 'WS_EXCEPTION', message: error.message };
  const code = [given.code, given.status].find((value) => typeof value === 'string' && value !== 'error');
  return { code: (code as string | undefined) ?? 'WS_EXCEPTION', message: error.message };
}
