import type { Type } from '@nestjs/common';
import { decoratedNamesOf, renamedPropertiesOf, transformFactsOf } from '@nestwire/protocol/compiled';
import { schemaOf } from '@nestwire/protocol/internal';
import { ValidationTypes } from '../validation/decorator-metadata.js';
import { validatedProperties, type ValidatedClass } from '../validation/message-metadata.js';
import type { EndpointDefinition } from './endpoint-definition.js';
import { declaredClassOf } from './endpoint-metadata.js';

/** The most parameters; `StreamsService.close()` compares all sets that they contain. */
const MAX_PARAMS = 8;

/** The types of the compiler's metadata that a flat property may have; a union has `Object`. */
const FLAT: readonly unknown[] = [undefined, String, Number, Boolean, Object];

/** Returns the mistakes in the class of an endpoint's parameters. */
export function checkParams({ cls: endpoint, mark }: EndpointDefinition): string[] {
  const { params, open } = mark.options;
  if (params === undefined) return [];
  const where = `${endpoint.name}: its option "params"`;
  if (typeof params !== 'function')
    return [`${where} is ${String(params)} instead of a class. Write a class with decorated properties.`];
  const cls = params as Type;
  if (schemaOf(cls)) return [`${where} is a message of a schema. Write a class with decorated properties.`];
  const onConnect = `${where} needs a client that opens the stream, so "open" cannot be 'on-connect'. Leave "open" out.`;
  return [...(open === 'on-connect' ? [onConnect] : []), ...checkClass(cls)];
}

function checkClass(cls: Type): string[] {
  let made: Readonly<Record<string, unknown>>;
  try {
    made = new cls() as Readonly<Record<string, unknown>>;
  } catch (error) {
    return [
      `${cls.name}: its constructor cannot run without arguments (${String(error)}). Give the parameters of the constructor defaults or remove them.`,
    ];
  }
  const validated = validatedProperties(cls as ValidatedClass);
  const names = new Set(validated.map(({ name }) => name));
  return [
    ...(names.size ? [] : [`${cls.name}: it has no property with a class-validator decorator. Add one.`]),
    ...(names.size > MAX_PARAMS
      ? [`${cls.name}: it has ${names.size} parameters, and at most ${MAX_PARAMS}. Remove some.`]
      : []),
    ...Object.keys(made).flatMap((name) => checkField(cls, name, { value: made[name], names })),
    ...validated.flatMap(({ name, types }) =>
      types.has(ValidationTypes.NESTED_VALIDATION) || !FLAT.includes(declaredClassOf(cls, name))
        ? [`${cls.name}.${name}: a parameter is a string, a number or a boolean. Make it one of them.`]
        : [],
    ),
    ...(isTransformed(cls)
      ? [
          `${cls.name}: it has decorators of class-transformer, and parameters are compared as the client sends them. Remove the decorators.`,
        ]
      : []),
  ];
}

function checkField(
  { name: cls }: Type,
  field: string,
  { value, names }: { readonly value: unknown; readonly names: ReadonlySet<string> },
): string[] {
  if (value !== undefined)
    return [
      `${cls}.${field}: it has an initial value, so two sets of parameters could mean the same. Write "${field}!:" or "${field}?:" without a value.`,
    ];
  if (names.has(field)) return [];
  return [
    `${cls}.${field}: it has no class-validator decorator, so every set of parameters with it would be refused. Decorate it.`,
  ];
}

function isTransformed(cls: Type): boolean {
  return (
    transformFactsOf(cls) === undefined || decoratedNamesOf(cls).size + renamedPropertiesOf(cls).size > 0
  );
}
