import { aloneCodec } from './schema.codecs.mjs';
import { schema } from './valibot.schema.mjs';

export const { data, decode, encode } = aloneCodec(schema);
