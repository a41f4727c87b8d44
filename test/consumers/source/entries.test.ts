import 'reflect-metadata';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import '@nestwire/protocol/class-transformer';
import { IsBigInt } from '@nestwire/protocol/class-validator';
import { decodeCompiled } from '@nestwire/protocol/compiled';
import { messagePack } from '@nestwire/protocol/message-pack';
import { RedisBroker } from '@nestwire/messages/redis';

test('every entry of the packages is found, with its types', () => {
  assert.equal(typeof decodeCompiled, 'function');
  assert.equal(typeof IsBigInt, 'function');
  assert.equal(messagePack.subprotocol, 'nestwire.v1.msgpack');
  assert.equal(typeof RedisBroker, 'function');
});
