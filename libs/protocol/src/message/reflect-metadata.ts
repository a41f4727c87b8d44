// class-transformer's decorators need Reflect.getMetadata. A real reflect-metadata (0.2 or newer) that loads
// later replaces this fallback.
const reflect = Reflect as { getMetadata?: (key: unknown, target: object, property?: string) => unknown };

reflect.getMetadata ??= () => undefined;
