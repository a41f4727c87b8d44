import { getMetadataStorage, type ValidationError } from 'class-validator';

/** The names of the constraints that limit a size, with the place of the limit among their arguments. */
const LIMITS: Readonly<Record<string, number>> = {
  arrayMaxSize: 0,
  maxLength: 0,
  isLength: 1,
  isByteLength: 1,
};

/** Leaves of the errors about a text or a list that is too large only those which say so. */
export function firstSizes(errors: readonly ValidationError[]): ValidationError[] {
  return errors.map((error) => {
    const sizes = Object.entries(error.constraints ?? {}).filter(([type]) => isAbove(error, type));
    if (sizes.length)
      return { ...error, constraints: Object.fromEntries(sizes), children: [] } as ValidationError;
    return { ...error, ...(error.children && { children: firstSizes(error.children) }) } as ValidationError;
  });
}

function isAbove({ target, property, value }: ValidationError, type: string): boolean {
  const argument = LIMITS[type];
  if (argument === undefined || !target) return false;
  return metadatasOf(target, property).some(({ name, constraints, each }) => {
    const limit: unknown = (constraints as readonly unknown[] | undefined)?.[argument];
    if (name !== type || typeof limit !== 'number') return false;
    const sized = each && isCollection(value) ? [...value.values()] : [value];
    return sized.some((item) => hasSize(item, type) && item.length > limit);
  });
}

function hasSize(value: unknown, type: string): value is string | unknown[] {
  return type === 'arrayMaxSize' ? Array.isArray(value) : typeof value === 'string';
}

function isCollection(value: unknown): value is unknown[] | Set<unknown> | Map<unknown, unknown> {
  return Array.isArray(value) || value instanceof Set || value instanceof Map;
}

function metadatasOf(target: object, property: string) {
  return getMetadataStorage()
    .getTargetValidationMetadatas(target.constructor, '', false, false)
    .filter(({ propertyName }) => propertyName === property);
}
