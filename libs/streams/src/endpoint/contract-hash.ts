import { createHash } from 'node:crypto';
import { messageNameOf } from '@nestwire/protocol';
import { isReservedName } from '@nestwire/protocol/compiled';
import { evolutionOf, registeredMessages } from '@nestwire/protocol/internal';
import { contractOf } from '../validation/message-contract.js';
import type { EndpointDefinition } from './endpoint-definition.js';

/**
 * Returns the hash of the contract with clients: 22 characters.
 *
 * The contract has the name, parameters, messages and methods of each endpoint, and the name, version, fields and
 * constraints of each message class of this process. The order of imports does not change it, so all servers of one
 * build have the same hash.
 */
export function contractHash(definitions: readonly EndpointDefinition[]): string {
  const endpoints = definitions.map(endpointContract);
  const messages = [...registeredMessages()]
    .filter(([name]) => !isReservedName(name))
    .map(([name, classes]) => {
      const cls = classes.at(-1);
      return [name, evolutionOf(cls).version ?? 1, contractOf(cls)];
    });
  const contract = JSON.stringify([texts(endpoints), texts(messages)]);
  return createHash('sha256').update(contract).digest('base64url').slice(0, HASH_CHARACTERS);
}

function endpointContract({ mark, routes, calls }: EndpointDefinition): unknown {
  const methods = [...calls].map(([name, { request, items }]) => [
    name,
    messageNameOf(request),
    items.map(messageNameOf).toSorted(),
  ]);
  const { params } = mark.options;
  return [mark.name, params ? contractOf(params) : null, [...routes.keys()].toSorted(), texts(methods)];
}

/** The characters of 128 bits in base64url. */
const HASH_CHARACTERS = 22;

function texts(items: readonly unknown[]): string[] {
  return items.map((item) => JSON.stringify(item)).toSorted();
}
