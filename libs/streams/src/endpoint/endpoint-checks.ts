import type { Type } from '@nestjs/common';
import type { ProviderWrapper } from '../enhancers/nest-compat.js';
import { moduleNameOf, type EndpointDefinition } from './endpoint-definition.js';
import {
  endpointMarkOf,
  handlerMarkOf,
  hasOnlyParameterDecorators,
  hasStreamParameter,
} from './endpoint-metadata.js';
import { checkHandlers } from './handler-checks.js';
import { checkParams } from './params-checks.js';
import { isReservedEndpointName } from './reserved-endpoint-name.js';

const NAME = /^[A-Za-z][\w.-]{0,127}$/;

/** Returns the mistakes in the names and handlers of all endpoints. */
export function checkEndpoints(
  definitions: readonly EndpointDefinition[],
  providers: readonly ProviderWrapper[],
): string[] {
  const problems = [
    ...definitions.flatMap(checkName),
    ...checkDuplicates(definitions),
    ...definitions.flatMap((definition) => checkHandlers(definition, providers)),
    ...definitions.flatMap(checkParams),
    ...definitions.flatMap(({ cls }) => checkUndecorated(cls)),
  ];
  // A class in two modules must not report each mistake twice.
  return [...new Set(problems)];
}

/** Returns the endpoints under `controllers`, which Nest would treat as HTTP. */
export function checkControllers(controllers: readonly ProviderWrapper[]): string[] {
  return controllers
    .filter(({ metatype }) => endpointMarkOf(metatype))
    .map((wrapper) => {
      const { name } = wrapper.metatype as Type;
      return `${name} is a @StreamEndpoint, but is listed under "controllers" of ${moduleNameOf(wrapper)}. List it under "providers".`;
    });
}

/** Returns the providers with handlers but without `@StreamEndpoint`. */
export function checkProviders(
  providers: readonly ProviderWrapper[],
  methodsOf: (cls: Type) => string[],
): string[] {
  const classes = new Set(providers.filter(({ inject }) => !inject).map(({ metatype }) => metatype));
  return [...classes]
    .filter((cls): cls is Type => typeof cls === 'function' && !!cls.prototype && !endpointMarkOf(cls))
    .flatMap((cls) => {
      const method = methodsOf(cls).find((name) => isHandler(cls, name));
      if (!method) return [];
      return [
        `${cls.name}.${method}: it has a decorator of streams, but ${cls.name} is not an endpoint, so it would never run. Put @StreamEndpoint('name') on the class.`,
      ];
    });
}

function isHandler(cls: Type, method: string): boolean {
  const prototype = cls.prototype as Record<string, unknown>;
  return handlerMarkOf(prototype[method]) !== undefined || hasStreamParameter(cls, method);
}

function checkName({ cls, mark: { name } }: EndpointDefinition): string[] {
  if (typeof name !== 'string' || !NAME.test(name))
    return [
      `${cls.name}: ${JSON.stringify(name)} is not a name for an endpoint. Begin with a letter and use letters, digits, "_", "-" and ".", 128 characters at most.`,
    ];
  if (!isReservedEndpointName(name)) return [];
  return [
    `${cls.name}: the name "${name}" is reserved, because client.${name} has or will have another meaning. Choose another name.`,
  ];
}

function checkDuplicates(definitions: readonly EndpointDefinition[]): string[] {
  return [...groupByName(definitions).values()].filter(({ length }) => length > 1).map(duplicateProblem);
}

function groupByName(definitions: readonly EndpointDefinition[]): Map<string, EndpointDefinition[]> {
  const groups = new Map<string, EndpointDefinition[]>();
  for (const definition of definitions)
    groups.set(definition.mark.name, [...(groups.get(definition.mark.name) ?? []), definition]);
  return groups;
}

function duplicateProblem(same: readonly EndpointDefinition[]): string {
  const [first] = same as [EndpointDefinition];
  const { name } = first.mark;
  const modules = same.map(({ wrapper }) => moduleNameOf(wrapper)).join(' and ');
  if (same.every(({ cls }) => cls === first.cls))
    return `${first.cls.name} (endpoint "${name}") is provided ${same.length} times, by ${modules}. Provide it in one module and export it from there.`;
  const classes = same.map(({ cls, wrapper }) => `${cls.name} in ${moduleNameOf(wrapper)}`).join(' and ');
  return `Two endpoints have the name "${name}": ${classes}. Give each its own name.`;
}

function checkUndecorated(cls: Type): string[] {
  const statics = Object.getOwnPropertyNames(cls)
    .filter((name) => handlerMarkOf(Reflect.get(cls, name)))
    .map((name) => `${cls.name}.${name}: a handler cannot be static. Make it a method of the instance.`);
  const undecorated = methodNames(cls)
    .filter((name) => hasOnlyParameterDecorators(cls, name))
    .map(
      (name) =>
        `${cls.name}.${name}: its parameters have decorators, but the method has none, so it would never run. Add @OnStreamMessage(Class), @StreamMethod(Class), @OnStreamOpened() or @OnStreamClosed().`,
    );
  return [...statics, ...undecorated];
}

function methodNames(cls: Type): string[] {
  const prototype = cls.prototype as object;
  const names = Object.entries(Object.getOwnPropertyDescriptors(prototype));
  return names.filter(([, { value }]) => typeof value === 'function').map(([name]) => name);
}
