import { CodedError, type Message, type MessageClass } from '@nestwire/protocol';
import { decodeCompiled } from '@nestwire/protocol/compiled';
import {
  validate,
  validateSync,
  type ValidationError,
  type ValidatorConstraintInterface,
  type ValidatorOptions,
} from 'class-validator';
import { AcceptanceChecks } from './acceptance.check.js';
import type { Accepts } from './acceptance.function.js';
import { detailsOf, invalidMessage } from './message.details.js';
import {
  constraintsOf,
  hasAsyncConstraints,
  typedClassOf,
  validatedProperties,
  type ValidatedClass,
  type ValidatedProperty,
  type ValidationMetadata,
} from './message.metadata.js';
import { isCollection, MessageShapes, type CheckShape, type DeclaredClassOf } from './message.shape.js';
import { isPromiseLike } from './promise-like.js';

/**
 * Makes a validated message from the data of a frame; a promise when a
 * constraint is asynchronous.
 *
 * @throws {CodedError} INVALID_MESSAGE with the places that are wrong
 */
export type MessageReader = (data: object) => Message | Promise<Message>;

const STRICT: ValidatorOptions = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
};

/** The readers of message classes, each compiled once. */
export class MessageReaders {
  private readonly readers = new Map<MessageClass, MessageReader>();
  private readonly shapes: MessageShapes;
  private readonly checks: AcceptanceChecks;

  constructor(declaredClassOf: DeclaredClassOf) {
    this.shapes = new MessageShapes(declaredClassOf);
    this.checks = new AcceptanceChecks(declaredClassOf);
  }

  /** Returns the reader of a class. */
  of(cls: MessageClass): MessageReader {
    const known = this.readers.get(cls);
    if (known) return known;
    const reader = this.compile(cls);
    this.readers.set(cls, reader);
    return reader;
  }

  private compile(cls: MessageClass): MessageReader {
    if (!validatedProperties(cls as ValidatedClass).length) return emptyReader(cls);
    const checkShape = this.shapes.of(cls as ValidatedClass);
    if (reachesAsync(cls as ValidatedClass)) return asyncReader(cls, checkShape);
    const accepts = this.checks.of(cls as ValidatedClass) ?? acceptsNothing;
    return syncReader(cls, checkShape, accepts);
  }
}

/**
 * A class without fields accepts no properties; class-validator would refuse
 * even none.
 */
function emptyReader(cls: MessageClass): MessageReader {
  return (data) => {
    const unknown = Object.keys(data);
    if (unknown.length)
      throw invalidMessage(unknown.map((path) => ({ path, message: `property ${path} should not exist` })));
    return new cls();
  };
}

const acceptsNothing: Accepts = () => false;

function syncReader(cls: MessageClass, checkShape: CheckShape, accepts: Accepts): MessageReader {
  return (data) => {
    const message = decodeCompiled(cls, data);
    if (accepts(message)) return message;
    // The data may name classes that no decorator names.
    if (holdsAsync(message)) return acceptedLater(message, checkShape);
    return accepted(
      message,
      checkShape,
      attempt(() => validateSync(message, STRICT)),
    );
  };
}

function asyncReader(cls: MessageClass, checkShape: CheckShape): MessageReader {
  return async (data) => acceptedLater(decodeCompiled(cls, data), checkShape);
}

async function acceptedLater(message: Message, checkShape: CheckShape): Promise<Message> {
  const errors = await validatedLater(message).catch(refuse);
  return accepted(message, checkShape, errors);
}

/** `validate` throws some of what it should reject with. */
async function validatedLater(message: Message): Promise<ValidationError[]> {
  return validate(message, STRICT);
}

function attempt<T>(validation: () => T): T {
  try {
    return validation();
  } catch (error) {
    return refuse(error);
  }
}

/** Whatever the libraries throw on what a client sent is the message's fault. */
function refuse(cause: unknown): never {
  throw cause instanceof CodedError ? cause : invalidMessage([], cause);
}

function accepted(message: Message, checkShape: CheckShape, errors: readonly ValidationError[]): Message {
  if (errors.length) throw invalidMessage(detailsOf(errors));
  for (const detail of checkShape(message)) throw invalidMessage([detail]);
  return message;
}

function reachesAsync(cls: ValidatedClass, seen = new Set<ValidatedClass>()): boolean {
  if (seen.has(cls)) return false;
  seen.add(cls);
  if (isAsync(cls)) return true;
  return validatedProperties(cls).some(({ name }) => {
    const typed = typedClassOf(cls, name);
    return typed !== undefined && reachesAsync(typed, seen);
  });
}

/** Tells whether a value has in it an instance of a class with asynchronous constraints. */
function holdsAsync(value: unknown, seen = new Set<unknown>()): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value))
    return false;
  seen.add(value);
  if (isCollection(value)) return [...value.values()].some((item) => holdsAsync(item, seen));
  const { constructor } = value;
  if (constructor !== Object && typeof constructor === 'function' && isAsync(constructor as ValidatedClass))
    return true;
  return Object.values(value).some((held) => holdsAsync(held, seen));
}

const asyncClasses = new WeakMap<ValidatedClass, boolean>();

function isAsync(cls: ValidatedClass): boolean {
  const known = asyncClasses.get(cls);
  if (known !== undefined) return known;
  const found = hasAsyncConstraints(cls) || validatedProperties(cls).some(answersLater);
  asyncClasses.set(cls, found);
  return found;
}

/** A constraint may have the name of one of class-validator's own and yet answer with a promise. */
function answersLater({ metadatas }: ValidatedProperty): boolean {
  return metadatas.some((metadata) =>
    constraintsOf(metadata).some(({ instance }) => isPromiseLike(answerOf(instance, metadata))),
  );
}

function answerOf(instance: ValidatorConstraintInterface, metadata: ValidationMetadata): unknown {
  const { propertyName: property, constraints } = metadata;
  try {
    const answer = instance.validate(undefined, {
      ...{ value: undefined, object: {}, targetName: '', property, constraints },
    });
    // Nobody waits for it, so its failure is nobody's.
    if (isPromiseLike(answer)) answer.then(undefined, () => undefined);
    return answer;
  } catch {
    return undefined;
  }
}
