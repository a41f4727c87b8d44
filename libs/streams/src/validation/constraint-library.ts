import type { ValidatorConstraintInterface } from 'class-validator';

/** The parts of class-validator that the compiled checks need. */
export interface ConstraintLibrary {
  /** The names of class-validator's own constraints; all are synchronous. */
  readonly names: ReadonlySet<unknown>;
  /** One reference instance of each constraint that has code, by name. */
  readonly references: ReadonlyMap<string, readonly ValidatorConstraintInterface[]>;
  /** Returns the `bigint` constraint of a class. */
  readonly bigIntConstraintOf: (constraintCls: unknown) => string | undefined;
}
