import type { getMetadataStorage } from 'class-validator';

/** The metadata of class-validator's decorators. */
export type MetadataStorage = ReturnType<typeof getMetadataStorage>;

/** The types of the metadata of class-validator, as in its `ValidationTypes`. */
export const ValidationTypes = {
  CUSTOM_VALIDATION: 'customValidation',
  NESTED_VALIDATION: 'nestedValidation',
  PROMISE_VALIDATION: 'promiseValidation',
  CONDITIONAL_VALIDATION: 'conditionalValidation',
  WHITELIST: 'whitelistValidation',
  IS_DEFINED: 'isDefined',
} as const;

/** The name of the condition that `@IsOptional()` sets. */
export const IS_OPTIONAL = 'isOptional';

/**
 * Returns the metadata of all decorated classes; undefined without one.
 *
 * All copies of class-validator share this object. Reading it needs no import of the package.
 */
export function metadataStorage(): MetadataStorage | undefined {
  return (globalThis as { readonly classValidatorMetadataStorage?: MetadataStorage })
    .classValidatorMetadataStorage;
}
