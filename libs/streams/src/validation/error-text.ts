import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import type { ValidationMetadata } from './message-metadata.js';

/** The value that an error is about. */
export interface ErrorSubject {
  readonly object: object;
  readonly value: unknown;
  readonly metadata: ValidationMetadata;
}

/** Returns the arguments of constraints and text functions in class-validator. */
export function argumentsOf({ object, value, metadata }: ErrorSubject): ValidationArguments {
  const { propertyName: property, constraints } = metadata;
  const { constructor } = object;
  const targetName = (constructor ? constructor.name : undefined) as string;
  return { targetName, property, object, value, constraints };
}

/** Returns the text of an error; class-validator does not export its own function. */
export function errorText(subject: ErrorSubject, instance?: ValidatorConstraintInterface): string {
  const args = argumentsOf(subject);
  const { message: own } = subject.metadata;
  const message =
    own || (typeof instance?.defaultMessage === 'function' ? instance.defaultMessage(args) : '');
  return withTokens(message, args);
}

function withTokens(message: ValidationMetadata['message'], args: ValidationArguments): string {
  let text = typeof message === 'function' ? message(args) : message;
  const { constraints, value, property, targetName } = args;
  if (text && Array.isArray(constraints))
    constraints.forEach((constraint: unknown, index) => {
      text = text.replace(new RegExp(`\\$constraint${index + 1}`, 'g'), constraintText(constraint));
    });
  if (text && ['string', 'boolean', 'number'].includes(typeof value))
    text = text.replace(/\$value/g, value as string);
  if (text) text = text.replace(/\$property/g, property);
  return text ? text.replace(/\$target/g, targetName) : text;
}

function constraintText(constraint: unknown): string {
  if (Array.isArray(constraint)) return constraint.join(', ');
  return `${(typeof constraint === 'symbol' ? constraint.description : constraint) as string}`;
}
