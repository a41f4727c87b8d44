import { loadClassTransformer } from '@nestwire/protocol/compiled';
import { schemaOf } from '@nestwire/protocol/internal';
import { loadConstraintLibrary } from '../validation/load-constraint-library.js';
import { metadataStorage } from '../validation/decorator-metadata.js';
import { validatedProperties, type ValidatedClass } from '../validation/message-metadata.js';
import type { EndpointDefinition } from './endpoint-definition.js';

/**
 * Loads class-validator and class-transformer where a class has decorators.
 *
 * An application whose messages come from schemas needs neither.
 *
 * @returns the mistakes: classes of endpoints that need a package which is not installed
 */
export async function loadMessageLibraries(definitions: readonly EndpointDefinition[]): Promise<string[]> {
  const classes = [...new Set(definitions.flatMap(classesOf))].filter(needsLibraries);
  if (!classes.length && !metadataStorage()) return [];
  const [hasValidator, hasTransformer] = await Promise.all([loadConstraintLibrary(), loadClassTransformer()]);
  const missing = [
    ...(hasValidator ? [] : ['class-validator']),
    ...(hasTransformer ? [] : ['class-transformer']),
  ];
  if (!missing.length) return [];
  return classes.map(({ name }) => problemOf(name, missing));
}

function problemOf(name: string, missing: readonly string[]): string {
  const [is, them] = missing.length > 1 ? ['are', 'them'] : ['is', 'it'];
  return (
    `${name}: a class with fields needs ${missing.join(' and ')}, which ${is} not installed. Install ${them} ` +
    `(npm install ${missing.join(' ')}), or define the message with defineMessage().`
  );
}

function classesOf({ mark, routes, calls }: EndpointDefinition): ValidatedClass[] {
  const { params } = mark.options;
  const messages = [...routes.values()].map(({ cls }) => cls);
  const ofCalls = [...calls.values()].flatMap(({ request, items }) => [request, ...items]);
  return [...messages, ...ofCalls, ...(params ? [params] : [])] as ValidatedClass[];
}

/** Returns true for a class with fields that is not from a schema. */
function needsLibraries(cls: ValidatedClass): boolean {
  if (typeof cls !== 'function' || schemaOf(cls)) return false;
  if (validatedProperties(cls).length) return true;
  try {
    return Object.keys(new cls()).length > 0;
  } catch {
    // The check of the class reports its constructor.
    return false;
  }
}
