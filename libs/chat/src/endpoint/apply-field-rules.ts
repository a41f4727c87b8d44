import * as rules from 'class-validator';
import { takeFieldRules } from '../wire/field-rules.js';

type Decorate = (...args: unknown[]) => PropertyDecorator;

/**
 * Gives class-validator the rules of the requests.
 *
 * Each is given once, before the server reads them.
 */
export function applyFieldRules(): void {
  const decorators = rules as unknown as Readonly<Record<string, Decorate>>;
  for (const { name, args, target, field } of takeFieldRules()) decorators[name]!(...args)(target, field);
}
