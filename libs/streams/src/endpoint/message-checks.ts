import type { Type } from '@nestjs/common';
import { messageNameOf } from '@nestwire/protocol';
import { isReservedName } from '@nestwire/protocol/compiled';
import { evolutionOf, messageClassesNamed, schemaOf } from '@nestwire/protocol/internal';
import { ValidationTypes } from '../validation/decorator-metadata.js';
import { declaredClassOf } from './endpoint-metadata.js';
import { typedClassOf, validatedProperties, type ValidatedClass } from '../validation/message-metadata.js';

/** Returns the mistakes in a message class and in the classes nested in it. */
export function checkMessageClass(cls: Type, name: string): string[] {
  return [
    ...checkName(cls, name),
    ...checkUnique(cls, name),
    ...checkOptions(cls, name),
    ...checkFields(cls, new Set()),
  ];
}

/**
 * Returns the classes, nested ones included, whose fields the compiler has erased.
 *
 * Without `useDefineForClassFields`, a field without a value and without a decorator leaves no trace in the
 * code, so it cannot be found. A class that only declares its fields, and is given their rules by code, is none
 * of them: the compiler writes a type beside each decorator in the source, and none for such a rule.
 */
export function classesWithErasedFields(cls: Type, seen = new Set<Type>()): Type[] {
  if (seen.has(cls)) return [];
  seen.add(cls);
  const validated = validatedProperties(cls as ValidatedClass);
  const nested = validated.flatMap(({ name, types }) => {
    if (!types.has(ValidationTypes.NESTED_VALIDATION)) return [];
    const typed = typedClassOf(cls as ValidatedClass, name) as Type | undefined;
    return typed ? classesWithErasedFields(typed, seen) : [];
  });
  const decorated = validated
    .map(({ name }) => name)
    .filter((name) => declaredClassOf(cls, name) !== undefined);
  return hasErasedField(cls, decorated) ? [cls, ...nested] : nested;
}

function hasErasedField(cls: Type, names: readonly string[]): boolean {
  try {
    const message = new cls() as object;
    return names.some((name) => !(name in message));
  } catch {
    return false;
  }
}

function checkName(cls: Type, name: string): string[] {
  if (!isReservedName(name)) return [];
  return [`${cls.name}: names that begin with "nestwire." are reserved, and "${name}" is one. Rename it.`];
}

function checkOptions(cls: Type, name: string): string[] {
  const { unknownProperties: unknown = 'refuse' } = evolutionOf(cls);
  if (unknown === 'refuse' || unknown === 'strip') return [];
  return [`"${name}": "unknownProperties" must be 'refuse' or 'strip', got ${String(unknown)}.`];
}

function checkUnique(cls: Type, name: string): string[] {
  const classes = messageClassesNamed(name);
  if (classes.length < 2) return [];
  const names = classes.map((other) => other.name).join(' and ');
  const maker = classes.some(schemaOf) ? 'defineMessage()' : '@StreamMessage()';
  return [`Two message classes have the name "${name}": ${names}. Give each its own name in ${maker}.`];
}

function checkFields(cls: Type, seen: Set<Type>): string[] {
  if (seen.has(cls)) return [];
  seen.add(cls);
  const validated = validatedProperties(cls as ValidatedClass);
  const known = new Set(validated.map(({ name }) => name));
  const nested = validated.filter(({ types }) => types.has(ValidationTypes.NESTED_VALIDATION));
  return [
    ...checkOwnFields(cls, known),
    ...nested.flatMap(({ name }) => {
      const typed = typedClassOf(cls as ValidatedClass, name) as Type | undefined;
      if (schemaOf(typed)) return [ofSchema(cls, name)];
      return typed ? checkFields(typed, seen) : [untyped(cls, name)];
    }),
  ];
}

function checkOwnFields(cls: Type, known: ReadonlySet<string>): string[] {
  const fields = ownFields(cls);
  if (typeof fields === 'string') return [`${cls.name}: ${fields}`];
  const loose = fields.filter((field) => field !== '$type' && !known.has(field));
  return [
    ...(fields.includes('$type') ? [ownType(cls)] : []),
    ...(loose.length ? [unvalidated(cls, loose)] : []),
  ];
}

/**
 * Returns the fields of a new instance, or the reason why there is none.
 *
 * Without `useDefineForClassFields` these are only the fields with a value.
 */
function ownFields(cls: Type): string[] | string {
  try {
    return Object.keys(new cls() as object);
  } catch (error) {
    return `its constructor cannot run without arguments (${String(error)}). A message is created empty and then filled: give the parameters defaults or remove them.`;
  }
}

function ownType(cls: Type): string {
  return `${cls.name}.$type: it is a field of its own and hides what @StreamMessage() sets. Write "declare readonly $type: '${messageNameOf(cls) ?? 'the.name'}'".`;
}

function unvalidated(cls: Type, fields: readonly string[]): string {
  const [is, them] = fields.length > 1 ? ['have', 'them'] : ['has', 'it'];
  return `${cls.name}.${fields.join(', ')} ${is} no class-validator decorator, so every message with ${them} would be refused. Decorate ${them}; @Allow() takes anything.`;
}

function ofSchema(cls: Type, property: string): string {
  return `${cls.name}.${property}: @ValidateNested() does not apply the schema of "${messageNameOf(typedClassOf(cls as ValidatedClass, property)) ?? ''}". Define ${cls.name} with defineMessage(), too.`;
}

function untyped(cls: Type, property: string): string {
  return `${cls.name}.${property}: @ValidateNested() without @Type() cannot know what to make. Add @Type(() => Class) from class-transformer.`;
}
