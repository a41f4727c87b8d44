import { CloseCode } from '../error/close-code.js';
import { ErrorCode } from '../error/error-code.js';
import { CALL_CHECKS } from './call-guard.js';
import {
  broken,
  checkAll,
  checkId,
  checkPayload,
  checkRedelivered,
  checkStream,
  isId,
  isName,
  isPlainObject,
  malformed,
  type FieldCheck,
  type Fields,
} from './field-checks.js';
import { FrameFault } from './frame-fault.js';
import { PROTOCOL_VERSION, type ClientFrame } from './frame.js';

/** 22 characters of this alphabet contain 128 bits. */
const CLIENT = /^[\w-]{22,64}$/;
const SERVER_ONLY: readonly unknown[] = [
  'welcome',
  'opened',
  'closed',
  'ack',
  'error',
  'subscribed',
  'position',
  'unsubscribed',
  'publication',
  'authenticated',
  'goaway',
  'reply',
  'request',
  'withdrawn',
];

// A Map, because an object would find "constructor" as a frame type.
const CHECKS = new Map<unknown, FieldCheck>([
  [
    'message',
    (fields) => checkId(fields) ?? checkStream(fields) ?? checkPayload(fields) ?? checkRedelivered(fields),
  ],
  ['open', checkAll(checkId, checkEndpoint, checkStreamKey, checkParams)],
  ['close', checkAll(checkId, checkStream)],
  ['auth', checkAll(checkId, (fields) => checkToken(fields, 'null'))],
  [
    'hello',
    checkAll(checkVersion, (fields) => checkToken(fields, 'optional'), checkClient, checkResumePositions),
  ],
  ['ping', () => undefined],
  ['pong', () => undefined],
  ...CALL_CHECKS,
]);

/**
 * Checks that a decoded value is a client frame.
 *
 * Unknown fields are ignored, so that newer clients can add fields.
 *
 * @returns the value itself as a frame, or the fault
 */
export function guardClientFrame(value: unknown): ClientFrame | FrameFault {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new FrameFault(ErrorCode.BadFrame, 'A frame is an object with a field "t".');
  }
  const fields = value as Fields;
  const check = CHECKS.get(fields.t);
  if (!check) return unknownFrame(fields);
  return check(fields) ?? (value as ClientFrame);
}

function unknownFrame({ t, id }: Fields): FrameFault {
  if (SERVER_ONLY.includes(t)) {
    return broken(`Only a server sends "${String(t)}" frames.`);
  }
  const known = [...CHECKS.keys()].join(', ');
  return new FrameFault(ErrorCode.UnknownFrame, `The frame's "t" must be one of: ${known}.`, {
    id: isId(id) ? id : undefined,
  });
}

function checkEndpoint(fields: Fields): FrameFault | undefined {
  return isName(fields.endpoint)
    ? undefined
    : malformed('"endpoint" must be the name of an endpoint', fields);
}

function checkStreamKey(fields: Fields): FrameFault | undefined {
  return fields.stream === undefined ? undefined : checkStream(fields);
}

function checkParams(fields: Fields): FrameFault | undefined {
  const { params } = fields;
  if (params === undefined || isParams(params)) return undefined;
  return malformed('"params" must be an object of strings, finite numbers and booleans', fields);
}

function isParams(params: unknown): boolean {
  return isPlainObject(params) && Object.values(params).every(isFlat);
}

function isFlat(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function checkClient({ client }: Fields): FrameFault | undefined {
  if (client === undefined || (typeof client === 'string' && CLIENT.test(client))) return undefined;
  return broken('"client" must have 22 to 64 characters of A-Z a-z 0-9 _ -, from at least 128 random bits.');
}

function checkToken(fields: Fields, absent: 'null' | 'optional'): FrameFault | undefined {
  const { token } = fields;
  if (typeof token === 'string' || token === null || (token === undefined && absent === 'optional'))
    return undefined;
  return absent === 'optional'
    ? broken('"token" must be a string or null.')
    : malformed('"token" must be a string or null', fields);
}

function checkVersion({ v }: Fields): FrameFault | undefined {
  if (v === PROTOCOL_VERSION) return undefined;
  const message = `This server supports version ${PROTOCOL_VERSION} of the protocol.`;
  return new FrameFault(ErrorCode.BadFrame, message, { closeCode: CloseCode.UnsupportedVersion });
}

function checkResumePositions({ resume, resumeUser, resumeName }: Fields): FrameFault | undefined {
  if (resumeName !== undefined && (typeof resumeName !== 'string' || !CLIENT.test(resumeName)))
    return broken(
      '"resumeName" must have 22 to 64 characters of A-Z a-z 0-9 _ -, from at least 128 random bits.',
    );
  if (resumeUser !== undefined && resumeUser !== null && typeof resumeUser !== 'string')
    return broken('"resumeUser" must be the id of a user, null or left out.');
  if (resume === undefined || (Array.isArray(resume) && resume.every(isHeld))) return undefined;
  return broken('"resume" must be a list of [endpoint, channel, resumeToken, epoch, offset, id, params?].');
}

function isHeld(entry: unknown): boolean {
  if (!Array.isArray(entry) || entry.length < 6) return false;
  const [endpoint, channel, resumeToken, epoch, offset, id, params] = entry as unknown[];
  if (params !== undefined && !isParams(params)) return false;
  const isPlace = Number.isSafeInteger(offset) && (offset as number) >= 0 && typeof id === 'string';
  return (
    isName(endpoint) && isPlace && [channel, resumeToken, epoch].every((text) => typeof text === 'string')
  );
}
