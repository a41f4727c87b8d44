import { decode, encode } from '@msgpack/msgpack';
import { JsonCodec } from '@nestwire/protocol/codec';
import { messagePack } from '@nestwire/protocol/message-pack';
import { describeCodec } from './codec.contract.js';

describeCodec('JsonCodec', (limits) => new JsonCodec(limits), {
  write: (value) => JSON.stringify(value),
  read: (payload) => JSON.parse(payload as string) as unknown,
});

describeCodec('messagePack', (limits) => messagePack.withLimits(limits), {
  write: (value) => encode(value),
  read: (payload) => decode(payload as Uint8Array),
});
