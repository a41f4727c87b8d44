// The only module of this package that loads class-validator; `loadConstraintLibrary` imports it.
import * as classValidator from 'class-validator';
import type { ValidatorConstraintInterface } from 'class-validator';
import { bigIntConstraintOf } from '@nestwire/protocol/class-validator';
import type { ConstraintLibrary } from './constraint-library.js';

const { ArrayUnique, IsBoolean, IsByteLength, IsDate, IsNumber, IsString } = classValidator;
const { getMetadataStorage, Length, Max, MaxLength, Min, MinLength } = classValidator;

/** A class with one reference instance of each known constraint. */
class Reference {}

/** The parts of class-validator that the compiled checks need. */
export const LIBRARY: ConstraintLibrary = {
  names: new Set(Object.values(classValidator).filter((value) => typeof value === 'string')),
  references: referencesOf([
    ...[IsString(), IsBoolean(), IsDate(), IsNumber()],
    ...[MinLength(1), MaxLength(1), Length(1, 1), Min(1), Max(1)],
    ...[IsByteLength(1), ArrayUnique(), ArrayUnique((item) => item)],
  ]),
  bigIntConstraintOf,
};

function referencesOf(decorators: readonly PropertyDecorator[]): Map<string, ValidatorConstraintInterface[]> {
  for (const decorate of decorators) decorate(Reference.prototype, 'property');
  const references = new Map<string, ValidatorConstraintInterface[]>();
  const storage = getMetadataStorage();
  for (const { name = '', constraintCls } of storage.getTargetValidationMetadatas(
    Reference,
    '',
    false,
    false,
  )) {
    const instances = storage.getTargetValidatorConstraints(constraintCls).map(({ instance }) => instance);
    references.set(name, [...(references.get(name) ?? []), ...instances]);
  }
  return references;
}
