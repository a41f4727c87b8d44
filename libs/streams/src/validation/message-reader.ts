import type { ErrorDetail, Message, MessageClass, UnknownProperties } from '@nestwire/protocol';
import { decodePresent, evolutionOf, isPresent, schemaOf, VERSION_KEY } from '@nestwire/protocol/internal';
import type { ValidatorConstraintInterface } from 'class-validator';
import { FastPathChecks } from './fast-path-checks.js';
import type { Accepts } from './fast-path-function.js';
import { BoundedValidation } from './bounded-validation.js';
import { ClientDecoder } from './client-decoder.js';
import { invalidMessage, MAX_DETAILS, unknownProperty } from './message-details.js';
import {
  constraintsOf,
  hasAsyncConstraints,
  typedClassOf,
  validatedProperties,
  type ValidatedClass,
  type ValidatedProperty,
  type ValidationMetadata,
} from './message-metadata.js';
import { MessageShapes, type CheckShape, type DeclaredClassOf } from './message-shape.js';
import { isPromiseLike } from './promise-like.js';
import { refuseMessage } from './refuse-message.js';
import { schemaReader } from './schema-reader.js';
import { stripUnknown } from './unknown-properties.js';
import { ValidationPlans } from './validation-plan.js';

/**
 * Decodes and validates a message.
 *
 * Returns a promise if a constraint is asynchronous.
 *
 * @throws {CodedError} INVALID_MESSAGE with the invalid fields as details
 */
export type MessageReader = (data: object) => Message | Promise<Message>;

/** The readers of message classes, each compiled once. */
export class MessageReaders {
  private readonly readers = new Map<MessageClass, MessageReader>();
  private readonly shapes: MessageShapes;
  private readonly checks: FastPathChecks;
  private readonly decoder = new ClientDecoder();
  private readonly plans = new ValidationPlans((cls) => this.acceptsOf(cls));

  constructor(
    declaredClassOf: DeclaredClassOf,
    private readonly unknownProperties: UnknownProperties = 'refuse',
  ) {
    this.shapes = new MessageShapes(declaredClassOf);
    this.checks = new FastPathChecks(declaredClassOf);
  }

  /** Returns the reader of a class, and accepts the class and those of its properties as `$type`. */
  of(cls: MessageClass): MessageReader {
    const known = this.readers.get(cls);
    if (known) return known;
    this.decoder.accept(cls);
    const reader = this.compile(cls);
    this.readers.set(cls, reader);
    return reader;
  }

  private compile(cls: MessageClass): MessageReader {
    const { unknownProperties: unknown = this.unknownProperties } = evolutionOf(cls);
    const schema = schemaOf(cls);
    if (schema) return schemaReader(cls, schema, { decoder: this.decoder, unknown });
    if (!validatedProperties(cls as ValidatedClass).length) return emptyReader(cls, unknown);
    const checkShape = this.shapes.of(cls as ValidatedClass);
    const accepts = this.acceptsOf(cls as ValidatedClass);
    const read = (data: object): Message | Promise<Message> => {
      const message = this.decoder.decode(cls, data, unknown);
      if (accepts?.(message)) return message;
      const isAccepted = unknown === 'strip' && stripUnknown(message, this.plans) && accepts?.(message);
      return isAccepted ? message : this.validated(message, checkShape);
    };
    return reachesAsync(cls as ValidatedClass) ? async (data) => read(data) : read;
  }

  /** Returns the compiled check; undefined for a class that contains asynchronous constraints. */
  private acceptsOf(cls: ValidatedClass): Accepts | undefined {
    return reachesAsync(cls) ? undefined : this.checks.of(cls);
  }

  private validated(message: Message, checkShape: CheckShape): Message | Promise<Message> {
    const accept = (errors: readonly ErrorDetail[]): Message => {
      for (const detail of errors.length ? [] : checkShape(message)) throw invalidMessage([detail]);
      if (errors.length) throw invalidMessage(errors);
      return message;
    };
    try {
      const validation = new BoundedValidation(this.plans, this.checks.refused);
      const errors = validation.errorsOf(message);
      return isPromiseLike(errors)
        ? errors.then(accept).catch((cause: unknown) => refuseMessage(cause, validation.laterMs))
        : accept(errors);
    } catch (error) {
      return refuseMessage(error);
    }
  }
}

/** Makes the reader of a class without fields; class-validator would refuse even empty data. */
function emptyReader(cls: MessageClass, unknown: UnknownProperties): MessageReader {
  return (received) => {
    const data = isPresent(cls, received) ? received : decodePresent(cls, received);
    const keys = Object.keys(data).filter((key) => key !== VERSION_KEY);
    if (keys.length && unknown === 'refuse')
      throw invalidMessage(keys.slice(0, MAX_DETAILS).map((key) => unknownProperty(key, key)));
    return new cls();
  };
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

const asyncClasses = new WeakMap<ValidatedClass, boolean>();

function isAsync(cls: ValidatedClass): boolean {
  const known = asyncClasses.get(cls);
  if (known !== undefined) return known;
  const found = hasAsyncConstraints(cls) || validatedProperties(cls).some(answersLater);
  asyncClasses.set(cls, found);
  return found;
}

/** Returns true when a constraint returns a promise in spite of a synchronous name. */
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
    // The probe ignores a rejection.
    if (isPromiseLike(answer)) answer.then(undefined, () => undefined);
    return answer;
  } catch {
    return undefined;
  }
}
