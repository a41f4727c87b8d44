import type * as Rules from 'class-validator';

/** A rule of a field that the server checks. */
export interface FieldRule {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly target: object;
  readonly field: string | symbol;
}

const rules: FieldRule[] = [];

/** Remembers a rule of class-validator for the server; a page needs none, and so not the package. */
function rule<Name extends keyof typeof Rules>(name: Name): (typeof Rules)[Name] {
  const decorator =
    (...args: unknown[]) =>
    (target: object, field: string | symbol): void =>
      void rules.push({ name, args, target, field });
  return decorator as unknown as (typeof Rules)[Name];
}

/** Takes the rules that are not applied yet. */
export function takeFieldRules(): FieldRule[] {
  return rules.splice(0);
}

/** As `Allow` of class-validator. */
export const Allow = rule('Allow');
/** As `IsArray` of class-validator. */
export const IsArray = rule('IsArray');
/** As `IsBoolean` of class-validator. */
export const IsBoolean = rule('IsBoolean');
/** As `IsIn` of class-validator. */
export const IsIn = rule('IsIn');
/** As `IsInstance` of class-validator. */
export const IsInstance = rule('IsInstance');
/** As `IsInt` of class-validator. */
export const IsInt = rule('IsInt');
/** As `IsOptional` of class-validator. */
export const IsOptional = rule('IsOptional');
/** As `IsString` of class-validator. */
export const IsString = rule('IsString');
/** As `Matches` of class-validator. */
export const Matches = rule('Matches');
/** As `MaxLength` of class-validator. */
export const MaxLength = rule('MaxLength');
/** As `Min` of class-validator. */
export const Min = rule('Min');
/** As `ValidateIf` of class-validator. */
export const ValidateIf = rule('ValidateIf');
