import { Type } from 'class-transformer';
import { IsDate, IsInt, IsString, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { decorate } from '../../rig/decorate.mjs';
import { Author } from './note.class.mjs';

/**
 * Declares classes like those of an application of some size; the libraries know them from then on.
 *
 * @param {number} count
 */
export function declareClasses(count) {
  for (let left = count; left > 0; left--) declareClass();
}

function declareClass() {
  class Dto {}
  decorate(Dto, {
    properties: {
      id: [String, IsString(), MaxLength(64)],
      title: [String, IsString(), MaxLength(200)],
      amount: [Number, IsInt(), Min(0), Max(1_000)],
      owner: [Author, ValidateNested(), Type(() => Author)],
      createdAt: [Date, IsDate(), Type(() => Date)],
    },
  });
}
