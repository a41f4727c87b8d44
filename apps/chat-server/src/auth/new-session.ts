import { Matches } from 'class-validator';

/** The names of people: 1 to 24 letters, digits, spaces and some signs; a letter or digit first. */
const PERSON_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} .’'_-]{0,23}$/u;

/** The body of `POST /session`. */
export class NewSession {
  @Matches(PERSON_NAME, {
    message: 'A name has 1 to 24 letters, digits, spaces, and begins with a letter or digit.',
  })
  name!: string;
}
