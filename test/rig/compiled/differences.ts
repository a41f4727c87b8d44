import { isDeepStrictEqual } from 'node:util';
import '../message-libraries.js';
import { CodedError, type ErrorDetail, type MessageClass } from '@nestwire/protocol';
import { encodeMessage, type EncodedMessage } from '@nestwire/protocol/codec';
import { decodeMessage } from '@nestwire/protocol/internal';
import { decodeCompiled, encodingOf } from '@nestwire/protocol/compiled';
import { validate, validateSync, type ValidationError } from 'class-validator';
import { deepFreeze } from '../../../libs/messages/src/pubsub/frozen.js';
import { declaredClassOf } from '../../../libs/streams/src/endpoint/endpoint-metadata.js';
import { ClientDecoder } from '../../../libs/streams/src/validation/client-decoder.js';
import { invalidMessage } from '../../../libs/streams/src/validation/message-details.js';
import { validatedProperties } from '../../../libs/streams/src/validation/message-metadata.js';
import { MessageReaders, type MessageReader } from '../../../libs/streams/src/validation/message-reader.js';
import { MessageShapes } from '../../../libs/streams/src/validation/message-shape.js';
import { describeValue } from './describe-value.js';
import { firstSizes } from './first-sizes.js';
import { makeInstance, type InstanceCase } from './instances.js';
import type { MessageCase } from './messages.js';
import { nameable, outer, shapes, type Shape } from './shapes.js';

/** The code under test: the compiled code, or a replacement. */
export interface Subject {
  decode(cls: MessageClass, data: object): object;
  read(cls: MessageClass): MessageReader;
  encode(message: object): EncodedMessage;
}

/** Something that the subject does and the libraries do not. */
export class Difference extends Error {}

/** The verdict of the libraries on a case; `later` if a constraint is asynchronous. */
export type Verdict = 'accepted' | 'refused' | 'later';

const STRICT = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: true, value: true },
};

const readers = new MessageReaders(declaredClassOf as never);
const decoder = new ClientDecoder();
const shapeChecks = new MessageShapes(declaredClassOf as never);
// Outer state is as it is at the start of a server when classes are compiled.
for (const { cls } of shapes) {
  readers.of(cls);
  decoder.accept(cls as never);
  shapeChecks.of(cls as never);
}

for (const cls of nameable) {
  readers.of(cls);
  decoder.accept(cls as never);
}

/** The compiled code as servers use it. */
export const compiled: Subject = {
  decode: decodeCompiled,
  read: (cls) => readers.of(cls),
  encode: encodingOf,
};

/** Compares messages and instances as a subject and as the libraries treat them. */
export class Comparison {
  readonly #later: Promise<void>[] = [];

  constructor(private readonly subject: Subject) {}

  /**
   * Compares what becomes of data: the instance, whether it is valid, and its encoding.
   *
   * @throws {Difference} at the first difference; one of an asynchronous constraint is told by `settled`
   */
  message(given: MessageCase): Verdict {
    try {
      return this.#message(given);
    } catch (error) {
      throw located(error, `${given.shape.cls.name} ${given.text}`);
    }
  }

  #message({ shape, text, isFlipped }: MessageCase): Verdict {
    outer.isFlipped = isFlipped;
    const expected = attempt(() => decodeMessage(shape.cls, parsed(text)));
    const actual = this.#decoded(shape, text);
    sameDeeply('decode', expected, actual);
    if (expected.value && actual.value) this.#encodings(expected.value, actual.value);
    return this.#read(shape, text);
  }

  /**
   * Compares how an instance is written.
   *
   * @throws {Difference} at the first difference
   */
  instance(given: InstanceCase): Verdict {
    try {
      return this.#instance(given);
    } catch (error) {
      throw located(error, `${given.shape.cls.name} ${given.seed}`);
    }
  }

  #instance(given: InstanceCase): Verdict {
    outer.isFlipped = false;
    const [one, other] = [makeInstance(given), makeInstance(given)];
    const before = describeValue(other);
    const expected = attempt(() => encodeMessage(one));
    const actual = attempt(() => this.subject.encode(other));
    same('encode', expected, actual);
    same('the instance after', one, other);
    // A discriminator is written into the instance, by the libraries.
    if (!/Discriminated/.test(describeClasses(other)))
      same('the instance before', before, describeValue(other));
    return expected.value ? 'accepted' : 'refused';
  }

  /**
   * Waits for the answers of asynchronous constraints.
   *
   * @throws {Difference} at the first difference
   */
  async settled(): Promise<void> {
    await Promise.all(this.#later.splice(0));
  }

  #decoded({ cls }: Shape, text: string): Outcome {
    const data = parsed(text);
    const outcome = attempt(() => this.subject.decode(cls, data));
    if (JSON.stringify(data) !== text)
      throw new Difference(`decode changed its data: ${JSON.stringify(data)}`);
    return outcome;
  }

  #encodings(one: object, other: object): void {
    same(
      'encode',
      attempt(() => encodeMessage(one)),
      attempt(() => this.subject.encode(other)),
    );
    same('the instance after', one, other);
    for (const each of [one, other]) attempt(() => deepFreeze(each));
    same(
      'encode frozen',
      attempt(() => encodeMessage(one)),
      attempt(() => this.subject.encode(other)),
    );
  }

  #read(shape: Shape, text: string): Verdict {
    // A class without properties has a reader of its own.
    if (!validatedProperties(shape.cls as never).length) return 'accepted';
    const expected = byTheLibraries(shape, parsed(text));
    const actual = attempt(() => this.subject.read(shape.cls)(parsed(text)));
    if (!(expected instanceof Promise) && !(actual.value instanceof Promise)) {
      sameDeeply('read', expected, actual);
      return expected.value ? 'accepted' : 'refused';
    }
    const what = `read ${shape.cls.name} ${text}`;
    this.#later.push(
      Promise.all([expected, settledOutcome(actual)]).then(([one, other]) => sameDeeply(what, one, other)),
    );
    return 'later';
  }
}

interface Outcome {
  readonly value?: object;
  readonly error?: unknown;
}

function attempt(run: () => unknown): Outcome {
  try {
    return { value: run() as object };
  } catch (error) {
    return { error: factsOf(error) };
  }
}

async function settledOutcome(outcome: Outcome): Promise<Outcome> {
  try {
    return outcome.error ? outcome : { value: await (outcome.value as Promise<object>) };
  } catch (error) {
    return { error: factsOf(error) };
  }
}

function factsOf(error: unknown): unknown {
  if (!(error instanceof CodedError)) return `${String(error)}`;
  const { code, details, message } = error;
  return { code, details, message };
}

function parsed(text: string): object {
  return JSON.parse(text) as object;
}

function byTheLibraries(shape: Shape, data: object): Outcome | Promise<Outcome> {
  const decoded = attempt(() => decoder.decodeByLibraries(shape.cls, data));
  const message = decoded.value;
  if (!message) return decoded;
  if (!shape.isAsync)
    return attempt(() =>
      judged(
        shape,
        message,
        validated(() => validateSync(message, STRICT)),
      ),
    );
  return validatedLater(message)
    .catch((cause: unknown) => invalid(cause))
    .then(
      (errors) => attempt(() => judged(shape, message, errors)),
      (error: unknown) => ({ error: factsOf(error) }),
    );
}

function validated(run: () => ValidationError[]): ValidationError[] {
  try {
    return run();
  } catch (cause) {
    return invalid(cause);
  }
}

/** An error that is thrown at once is a rejection, too. */
async function validatedLater(message: object): Promise<ValidationError[]> {
  return validate(message, STRICT);
}

function invalid(cause: unknown): never {
  throw invalidMessage([], cause);
}

const UNKNOWN = 'UNKNOWN_PROPERTY';

/** Yields what class-validator found, paths reaching into nested objects. */
function* detailsOf(errors: readonly ValidationError[], parent = ''): Generator<ErrorDetail> {
  for (const { property, constraints, children } of errors) {
    const path = [parent, property].filter((part) => part !== '' && part !== undefined).join('.');
    for (const [type, message] of Object.entries(constraints ?? {}))
      yield type === 'whitelistValidation' ? { path, message, code: UNKNOWN } : { path, message };
    if (children?.length) yield* detailsOf(children, path);
  }
}

function judged({ cls }: Shape, message: object, errors: readonly ValidationError[]): object {
  if (errors.length) throw invalidMessage(detailsOf(firstSizes(errors)));
  for (const detail of shapeChecks.of(cls as never)(message)) throw invalidMessage([detail]);
  return message;
}

function same(what: string, expected: unknown, actual: unknown): void {
  const [one, other] = [describeValue(expected), describeValue(actual)];
  if (one !== other) throw new Difference(`${what}\n  libraries: ${one}\n  subject:   ${other}`);
}

/** Also asks somebody else, who tells functions and invalid dates apart that are the same. */
function sameDeeply(what: string, expected: unknown, actual: unknown): void {
  same(what, expected, actual);
  if (!/function|NaN|Promise/.test(describeValue(expected)) && !isDeepStrictEqual(expected, actual))
    throw new Difference(`${what} is not deeply equal: ${describeValue(expected)}`);
}

function located(error: unknown, where: string): unknown {
  return error instanceof Difference ? new Difference(`${where}: ${error.message}`) : error;
}

function describeClasses(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null || depth > 8) return '';
  const { name } = (value.constructor ?? {}) as { name?: unknown };
  return [
    typeof name === 'string' ? name : '',
    ...Object.values(value).map((held) => describeClasses(held, depth + 1)),
  ].join();
}
