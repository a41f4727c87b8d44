import { forgetDecoders } from './message-decoder.js';
import { forgetLayouts } from './message-encoder.js';
import { useTransformStorage } from './transform-facts.js';

let loading: Promise<boolean> | undefined;

/**
 * Loads class-transformer if it is installed.
 *
 * Messages pass through it from then on.
 *
 * Resolves to false when it is not installed. Call it before messages are encoded or decoded.
 */
export function loadClassTransformer(): Promise<boolean> {
  return (loading ??= load());
}

async function load(): Promise<boolean> {
  try {
    const { TRANSFORM_STORAGE } = await import('./transform-storage.js');
    useTransformStorage(TRANSFORM_STORAGE);
    forgetDecoders();
    forgetLayouts();
    return true;
  } catch (error) {
    if (isMissing(error, 'class-transformer')) return false;
    throw error;
  }
}

/** Returns true for the error of an import of a package that is not installed. */
export function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' && String(message).includes(`'${name}`);
}
