import { aloneCodec } from './schema.codecs.mjs';
import { schema } from './zod.schema.mjs';

export const { data, decode, encode } = aloneCodec(schema);
