import { CloseCode } from '../error/close-code.js';
import { ErrorCode } from '../error/error-code.js';
import { MAX_FRAME_ID } from '../limits.js';
import { FrameFault } from './frame-fault.js';
import { PROTOCOL_VERSION, type ClientFrame } from './frame.js';

type Fields = Readonly<Record<string, unknown>>;
type Reader = (fields: Fields) => FrameFault | undefined;

const MAX_NAME_LENGTH = 128;
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
];

// A Map, because an object would find "constructor" as a frame type.
const READERS = new Map<unknown, Reader>([
  [
    'message',
    (fields) => checkId(fields) ?? checkStream(fields) ?? checkPayload(fields) ?? checkRedelivered(fields),
  ],
  ['open', (fields) => checkId(fields) ?? checkEndpoint(fields) ?? checkStreamKey(fields)],
  ['close', (fields) => checkId(fields) ?? checkStream(fields)],
  ['auth', (fields) => checkId(fields) ?? checkToken(fields, 'null')],
  [
    'hello',
    (fields) =>
      checkVersion(fields) ??
      checkToken(fields, 'optional') ??
      checkClient(fields) ??
      checkResumePositions(fields),
  ],
  ['ping', () => undefined],
  ['pong', () => undefined],
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
  const read = READERS.get(fields.t);
  if (!read) return unknownFrame(fields);
  return read(fields) ?? (value as ClientFrame);
}

function unknownFrame({ t, id }: Fields): FrameFault {
  if (SERVER_ONLY.includes(t)) {
    return broken(`Only a server sends "${String(t)}" frames.`);
  }
  const known = [...READERS.keys()].join(', ');
  return new FrameFault(
    ErrorCode.UnknownFrame,
    `The frame's "t" must be one of: ${known}.`,
    isId(id) ? id : undefined,
  );
}

function checkId({ id }: Fields): FrameFault | undefined {
  return isId(id) ? undefined : broken(`The frame's "id" must be a whole number from 1 to ${MAX_FRAME_ID}.`);
}

function checkEndpoint({ endpoint, id }: Fields): FrameFault | undefined {
  return isName(endpoint) ? undefined : malformed('"endpoint" must be the name of an endpoint', id);
}

function checkStream({ stream, id }: Fields): FrameFault | undefined {
  return isName(stream) ? undefined : malformed('"stream" must be the key of a stream', id);
}

function checkStreamKey(fields: Fields): FrameFault | undefined {
  return fields.stream === undefined ? undefined : checkStream(fields);
}

function checkPayload({ type, data, id }: Fields): FrameFault | undefined {
  if (!isName(type)) return malformed('"type" must be the name of a message', id);
  // `typeof` would accept a date and bytes.
  if ({}.toString.call(data) === '[object Object]') return undefined;
  return malformed('"data" must be an object with the properties of the message', id);
}

function checkRedelivered({ redelivered, id }: Fields): FrameFault | undefined {
  if (redelivered === undefined || typeof redelivered === 'boolean') return undefined;
  return malformed('"redelivered" must be true, false or left out', id);
}

function checkClient({ client }: Fields): FrameFault | undefined {
  if (client === undefined || (typeof client === 'string' && CLIENT.test(client))) return undefined;
  return broken('"client" must have 22 to 64 characters of A-Z a-z 0-9 _ -, from at least 128 random bits.');
}

function checkToken({ token, id }: Fields, absent: 'null' | 'optional'): FrameFault | undefined {
  if (typeof token === 'string' || token === null || (token === undefined && absent === 'optional'))
    return undefined;
  return absent === 'optional'
    ? broken('"token" must be a string or null.')
    : malformed('"token" must be a string or null', id);
}

function checkVersion({ v }: Fields): FrameFault | undefined {
  if (v === PROTOCOL_VERSION) return undefined;
  const message = `This server supports version ${PROTOCOL_VERSION} of the protocol.`;
  return new FrameFault(ErrorCode.BadFrame, message, undefined, CloseCode.UnsupportedVersion);
}

function checkResumePositions({ resume, resumeUser, resumeName }: Fields): FrameFault | undefined {
  if (resumeName !== undefined && (typeof resumeName !== 'string' || !CLIENT.test(resumeName)))
    return broken(
      '"resumeName" must have 22 to 64 characters of A-Z a-z 0-9 _ -, from at least 128 random bits.',
    );
  if (resumeUser !== undefined && resumeUser !== null && typeof resumeUser !== 'string')
    return broken('"resumeUser" must be the id of a user, null or left out.');
  if (resume === undefined || (Array.isArray(resume) && resume.every(isHeld))) return undefined;
  return broken('"resume" must be a list of [endpoint, channel, resumeToken, epoch, offset, id].');
}

function isHeld(entry: unknown): boolean {
  if (!Array.isArray(entry) || entry.length < 6) return false;
  const [endpoint, channel, resumeToken, epoch, offset, id] = entry as unknown[];
  const isPlace = Number.isSafeInteger(offset) && (offset as number) >= 0 && typeof id === 'string';
  return (
    isName(endpoint) && isPlace && [channel, resumeToken, epoch].every((text) => typeof text === 'string')
  );
}

function isId(id: unknown): id is number {
  return Number.isInteger(id) && (id as number) >= 1 && (id as number) <= MAX_FRAME_ID;
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name.length > 0 && name.length <= MAX_NAME_LENGTH;
}

function malformed(what: string, id: unknown): FrameFault {
  return new FrameFault(ErrorCode.BadFrame, `The frame is not valid: ${what}.`, isId(id) ? id : undefined);
}

function broken(message: string): FrameFault {
  return new FrameFault(ErrorCode.BadFrame, message, undefined, CloseCode.BadRequest);
}
