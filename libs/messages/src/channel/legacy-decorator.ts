/**
 * Checks that a decorator is not called as a standard one, with a context object.
 *
 * @param second the second argument of the decorator: the key of a member, undefined for a class
 * @throws {TypeError} when the compiler does not have `experimentalDecorators`
 */
export function assertLegacyDecorator(decorator: string, second: unknown): void {
  if (typeof second !== 'object' || second === null) return;
  throw new TypeError(
    `${decorator}: the compiler makes standard decorators, which Nest and class-validator do not support. ` +
      'Set "experimentalDecorators": true in the compilerOptions of tsconfig.json.',
  );
}
