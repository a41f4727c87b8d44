import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A method of a provider or controller, with what a decorator on it says. */
export interface DecoratedMethod<T> {
  readonly wrapper: Wrapper;
  readonly method: string;
  readonly metadata: T;
}

/** Finds the methods of an application that a decorator says something of. */
export function decoratedMethods<T>(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  saidOf: (method: unknown) => readonly T[],
): DecoratedMethod<T>[] {
  const seen = new Set<unknown>();
  const found: DecoratedMethod<T>[] = [];
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const prototype = prototypeOf(wrapper);
    if (!prototype || wrapper.isAlias || seen.has(wrapper.instance ?? wrapper)) continue;
    seen.add(wrapper.instance ?? wrapper);
    for (const method of scanner.getAllMethodNames(prototype))
      for (const metadata of saidOf((prototype as Record<string, unknown>)[method]))
        found.push({ wrapper, method, metadata });
  }
  return found;
}

/** Tells whether a class has one instance for the whole application. */
export function isSingleton(wrapper: Wrapper): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

function prototypeOf({ instance, metatype, inject }: Wrapper): object | undefined {
  if (instance && typeof instance === 'object') return Object.getPrototypeOf(instance) as object;
  return inject ? undefined : ((metatype as { prototype?: object } | null)?.prototype ?? undefined);
}
