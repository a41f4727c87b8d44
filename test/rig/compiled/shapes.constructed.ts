/* oxlint-disable no-unused-vars -- the class decorators collect the classes */
import { StreamMessage } from '@nestwire/protocol';
import { Type } from '@nestwire/protocol/class-transformer';
import { Allow, IsDate, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { ALL, CHECK, CODED, DECODE, outer, shape } from './shape.js';
import { Author, AUTHOR, Tagged } from './shapes.nested.js';

@shape({ accepts: [{}, { size: 3, text: 'x' }], values: [AUTHOR] })
class Defaults {
  @IsInt() size = 1;
  @IsString() text = 'none';
  @IsOptional() @IsDate() at = new Date(0);
  @IsOptional() author?: unknown = new Author();
  describe(): string {
    return this.text;
  }
}

@shape({ accepts: [{ n: 1 }], values: [AUTHOR], leaves: ['encode'] })
class WithFunctions {
  @IsOptional() @IsInt() n?: number;
  @Allow() run: unknown = () => 1;
}

@shape({ accepts: [{ n: 1 }], leaves: CHECK })
class WithGetter {
  @IsInt() n!: number;
  @IsOptional() get twice(): number {
    return this.n * 2;
  }
}

@shape({ accepts: [{ text: 'x' }], values: [5, ' y ', AUTHOR], leaves: ['decode', 'check'] })
class WithSetter {
  @IsOptional() stored?: unknown;
  @Allow() set text(value: unknown) {
    this.stored = { value };
  }
  get text(): unknown {
    return this.stored;
  }
}

@shape({ accepts: [{ n: 1, own: AUTHOR }], values: [AUTHOR, []], leaves: ['decode', 'check'] })
class WithOwnAccessor {
  @IsInt() n!: number;
  @IsOptional() sets?: number;
  @IsOptional() declare own?: unknown;
  constructor() {
    let held: unknown;
    Object.defineProperty(this, 'own', {
      enumerable: true,
      get: () => held,
      set: (value) => {
        this.sets = (this.sets ?? 0) + 1;
        held = value;
      },
    });
  }
}

@shape({ accepts: [{ n: 1 }], values: [AUTHOR] })
class Failing {
  @IsInt() n!: number;
  constructor() {
    if (outer.isFlipped) throw new TypeError('not now');
  }
}

@shape({ accepts: [{ in: { n: 1 } }, {}], values: [[{ n: 1 }]] })
class FailingWithin {
  @IsOptional() @ValidateNested() @Type(() => Failing) in?: Failing;
}

@shape({ accepts: [{}], values: [AUTHOR], leaves: [] })
class Frozen {
  @IsOptional() n = 1;
  @IsOptional() text?: string;
  constructor() {
    if (new.target === Frozen) Object.freeze(this);
  }
}

@shape({ accepts: [{ n: 1 }], values: [AUTHOR], leaves: ALL })
class Substituted {
  @IsOptional() n?: number;
  @IsOptional() author?: unknown;
  constructor() {
    return { text: 'x' } as never;
  }
}

/** class-transformer takes its instances for promises; no message may be one, but what it holds. */
class Thenable {
  @IsOptional() n?: number;
  then(): void {}
}

@shape({
  accepts: [{ in: { n: 1 } }, { any: 1 }],
  values: [{ n: 1 }, [{ n: 1 }]],
  leaves: CODED,
})
class OfThenable {
  @IsOptional() @Type(() => Thenable) in?: Thenable;
  @IsOptional() any?: unknown;
}

@shape({ accepts: [{ n: 1 }], values: [AUTHOR], leaves: ['encode'] })
class Labelled {
  @IsOptional() n?: unknown;
  get [Symbol.toStringTag](): string {
    return 'Labelled';
  }
}

@shape({ accepts: [{ n: 1, in: { n: 1 } }], values: [AUTHOR] })
export class WithToJson {
  @IsOptional() n?: unknown;
  @IsOptional() @Type(() => Tagged) in?: unknown;
  toJSON(): unknown {
    return { replaced: this.n };
  }
}

@shape({ accepts: [{ in: { n: 1 } }], values: [AUTHOR], leaves: ['encode'] })
class OfToJson {
  @IsOptional() @Type(() => WithToJson) in?: unknown;
}

/** Inherits by prototypes alone, as code before classes did; class-transformer looks at the classes. */
class Loose {
  @IsOptional() at?: unknown;
}
class LooseBase {
  @IsOptional() @Type(() => Date) declare at?: unknown;
}
Object.setPrototypeOf(Loose.prototype, LooseBase.prototype);
shape({ accepts: [{ at: 5 }], values: ['2026-11-23', 5], leaves: CODED })(Loose);

/** Two classes of one name: the later one is found by it. */
class FirstOfName {
  @IsOptional() @Type(() => Date) at?: unknown;
}
class SecondOfName {
  @IsOptional() n = 5;
  @IsOptional() at?: unknown;
}
StreamMessage('fuzz.twice')(FirstOfName as never);
StreamMessage('fuzz.twice')(SecondOfName as never);

@shape({
  accepts: [{ in: { at: '2026-11-23' } }],
  values: [{ $type: 'fuzz.twice', at: '2026-11-23' }, { $type: 'fuzz.twice' }],
})
class OfTwice {
  @IsOptional() @Type(() => FirstOfName) in?: unknown;
}

@shape({ accepts: [{}] })
class Bare {}
