// The two codecs of a schema: the schema library alone, and nestwire with a message of the schema.
import 'reflect-metadata';
import { defineMessage } from '@nestwire/protocol';
import { encodingOf } from '@nestwire/protocol/compiled';
import { MessageReaders } from '../../../libs/streams/dist/validation/message-reader.js';
import { NOTE, SENT_AT } from '../note.mjs';

/**
 * The library alone, with the date made by hand, as an application would do it.
 *
 * @param {import('@standard-schema/spec').StandardSchemaV1} schema
 */
export function aloneCodec(schema) {
  const standard = schema['~standard'];
  return {
    data: NOTE,
    decode(plain) {
      /** @type {any} none of the schemas is asynchronous */
      const { value, issues } = standard.validate({ ...plain, sentAt: new Date(plain.sentAt) });
      if (issues) throw new Error('invalid');
      return value;
    },
    encode: (note) => JSON.stringify(note),
  };
}

/**
 * A message of the schema, read as the server reads one of a client.
 *
 * @param {any} schema of an object, which its type does not say
 */
export function nestwireCodec(schema) {
  const read = new MessageReaders(() => undefined).of(
    /** @type {any} */ (defineMessage('bench.schema', schema)),
  );
  return {
    data: { ...NOTE, sentAt: { $date: SENT_AT } },
    decode: (plain) => read(plain),
    encode: (note) => encodingOf(note).data,
  };
}
