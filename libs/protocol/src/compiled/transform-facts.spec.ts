/* oxlint-disable no-unused-vars -- only decorators use some parameters */
import '../message/reflect-metadata.js';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { transformFactsOf } from './transform-facts.js';
import '../../../../test/rig/message-libraries.js';

class Base {
  @Type(() => Date) at?: unknown;
  @Type(() => Number) n?: unknown;
}

class Derived extends Base {
  @Type(() => String) declare n?: unknown;
  @Type(() => Boolean) b?: unknown;
}

const unknown: Array<readonly [what: string, cls: new () => object]> = [];

/** Adds a class without known facts. */
function has(what: string): ClassDecorator {
  return (cls) => void unknown.push([what, cls as never]);
}

@has('a @Transform')
class Transformed {
  @Transform(({ value }: { value: unknown }) => value) a?: unknown;
}

@has('a @Transform in what it extends')
class TransformedChild extends Transformed {}

@has('an @Expose')
class Exposed {
  @Expose() a?: unknown;
}

@has('an @Exclude')
class Excluded {
  @Exclude() a?: unknown;
}

@has('an @Exclude on the class')
@Exclude()
class ExcludedClass {}

@has('a discriminator')
class Discriminated {
  @Type(() => Base, { discriminator: { property: 'kind', subTypes: [{ name: 'derived', value: Derived }] } })
  a?: unknown;
}

@has('a type that depends on what it is given')
class ByOptions {
  @Type((help) => (help?.property === 'a' ? Date : Number)) a?: unknown;
}

const NO_HELP = { newObject: {}, object: {}, property: 'none' };

@has('a type that takes a parameter with a default')
class ByDefault {
  @Type(({ property } = NO_HELP) => (property === 'a' ? Date : Number)) a?: unknown;
}

@has('a type that takes the rest')
class ByRest {
  @Type((...all) => (all.length ? Date : Number)) a?: unknown;
}

@has('a type that looks at its arguments')
class ByArguments {
  @Type(function () {
    // oxlint-disable-next-line prefer-rest-params -- the test needs `arguments`
    return arguments.length ? Date : Number;
  })
  a?: unknown;
}

@has('a type that is told by a bound function')
class ByBound {
  @Type((() => Date).bind(undefined)) a?: unknown;
}

@has('no function for a type')
class ByNothing {
  @Type() a?: unknown;
}

@has('a native ancestor')
class OfMap extends Map {}

@has('a method "then"')
class Thenable {
  then(): void {}
}

@has('prototypes that extend others than the class does')
class Loose {}
Object.setPrototypeOf(Loose.prototype, Base.prototype);

describe('transformFactsOf()', () => {
  it('tells the types of a class and of what it extends, the nearest one last', () => {
    const { types } = transformFactsOf(Derived)!;

    expect([...types].map(([name, { typeFunction }]) => [name, typeFunction()])).toEqual([
      ['at', Date],
      ['n', String],
      ['b', Boolean],
    ]);
  });

  it('knows a class without any decorator', () => {
    expect(transformFactsOf(class {})!.types.size).toBe(0);
  });

  it.each([
    () => Date,
    function () {
      return Date;
    },
    function named() {
      return Date;
    },
  ])('knows a type that is told by %s', (type) => {
    class Typed {
      @Type(type) a?: unknown;
    }
    expect(transformFactsOf(Typed)!.types.get('a')!.typeFunction()).toBe(Date);
  });

  it.each(unknown)('tells nothing of a class with %s', (_, cls) => {
    expect(transformFactsOf(cls)).toBeUndefined();
  });

  it.each([
    ['Object', Object],
    ['Map', Map],
    ['a function', (): void => {}],
    ['Uint8Array', Uint8Array],
  ])('tells nothing of %s', (_, cls) => {
    expect(transformFactsOf(cls as never)).toBeUndefined();
  });
});
