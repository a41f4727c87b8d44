import { IsOptional } from 'class-validator';
import { constrain, CONSTRAINTS, type Constraint } from './constraint-table.js';
import { shape } from './shape.js';

for (const [name, constraint] of CONSTRAINTS) addShape(name, constraint);

/** Adds a class that has one constraint, on a value and on each item of a list. */
function addShape(name: string, { good, bad }: Constraint): void {
  const cls = { [`Only${name}`]: class {} }[`Only${name}`]!;
  constrain(name)(cls.prototype, 'value');
  IsOptional()(cls.prototype, 'list');
  constrain(name, { each: true })(cls.prototype, 'list');
  const accepts = [...good.map((value) => ({ value })), { value: good[0], list: good }];
  shape({ accepts, values: [...good, ...bad, good, bad] })(cls);
}
