import { misconfigured, refuseUnknown } from '../error/option-errors.js';

/**
 * Returns options that are numbers, with the defaults of those that are not given.
 *
 * @param name names the group in errors, such as `limits`
 * @throws {ChatError} CHAT_CONFIGURATION when one does not exist, or is no whole number from 1 on
 */
export function numberOptions<T extends object>(name: string, given: Partial<T>, defaults: T): T {
  refuseUnknown(name, given, Object.keys(defaults));
  for (const [option, value] of Object.entries(given) as [string, unknown][])
    if (!Number.isInteger(value) || (value as number) < 1)
      throw misconfigured(`${name}.${option} is a whole number from 1 on; got ${String(value)}`);
  return { ...defaults, ...given };
}
