import { instanceToPlain, plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { NOTE } from '../note.mjs';
import { Note } from './note.class.mjs';

const STRICT = { whitelist: true, forbidNonWhitelisted: true };

/** The data of a frame, as JSON.parse gives it. */
export const data = NOTE;

/** Makes a validated instance; throws where the data is wrong. */
export function decode(plain) {
  const note = plainToInstance(Note, plain);
  if (validateSync(note, STRICT).length) throw new Error('invalid');
  return note;
}

/** Writes an instance as JSON. */
export function encode(note) {
  return JSON.stringify(instanceToPlain(note));
}
