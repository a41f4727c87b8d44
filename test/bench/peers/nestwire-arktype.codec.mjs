import { nestwireCodec } from './schema.codecs.mjs';
import { schema } from './arktype.schema.mjs';

export const { data, decode, encode } = nestwireCodec(schema);
