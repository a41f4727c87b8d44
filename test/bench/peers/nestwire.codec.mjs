// Uses nestwire's part of the way from and to JSON, which is not public; only this file imports it.
import 'reflect-metadata';
import { StreamMessage } from '@nestwire/protocol';
import { encodingOf, loadClassTransformer } from '@nestwire/protocol/compiled';
import { loadConstraintLibrary } from '../../../libs/streams/dist/validation/load-constraint-library.js';
import { MessageReaders } from '../../../libs/streams/dist/validation/message-reader.js';
import { decorate } from '../../rig/decorate.mjs';
import { NOTE, SENT_AT } from '../note.mjs';
import { Note } from './note.class.mjs';

await Promise.all([loadClassTransformer(), loadConstraintLibrary()]);
decorate(Note, { decorators: [StreamMessage('bench.note')] });

const declaredClassOf = (cls, property) => Reflect.getMetadata('design:type', cls.prototype, property);
let read;

/** The data of a frame, as JSON.parse gives it. */
export const data = { ...NOTE, sentAt: { $date: SENT_AT } };

/** Makes a validated instance; throws where the data is wrong. */
export function decode(plain) {
  // Compiled with the first, when all classes are there.
  read ??= new MessageReaders(declaredClassOf).of(Note);
  return read(plain);
}

/** Writes an instance as JSON. */
export function encode(note) {
  return encodingOf(note).data;
}
