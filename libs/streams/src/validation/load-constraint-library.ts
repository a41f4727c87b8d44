import { isMissing } from '@nestwire/protocol/compiled';
import type { ConstraintLibrary } from './constraint-library.js';

const NONE: ConstraintLibrary = {
  names: new Set(),
  references: new Map(),
  bigIntConstraintOf: () => undefined,
};

let library = NONE;
let loading: Promise<boolean> | undefined;

/** Returns the loaded library; it knows no constraint before it is loaded. */
export function constraintLibrary(): ConstraintLibrary {
  return library;
}

/**
 * Loads class-validator, if it is installed.
 *
 * Resolves to false when it is not installed. Call it before the reader of a decorated class is compiled.
 */
export function loadConstraintLibrary(): Promise<boolean> {
  return (loading ??= load());
}

async function load(): Promise<boolean> {
  try {
    ({ LIBRARY: library } = await import('./class-validator-library.js'));
    return true;
  } catch (error) {
    if (isMissing(error, 'class-validator')) return false;
    throw error;
  }
}
