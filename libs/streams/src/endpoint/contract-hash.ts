import { createHash } from 'node:crypto';
import { isReservedName } from '@nestwire/protocol/compiled';
import { evolutionOf, registeredMessages } from '@nestwire/protocol/internal';
import { contractOf } from '../validation/message-contract.js';
import type { EndpointDefinition } from './endpoint-definition.js';

/**
 * Returns the hash of the contract with clients: 22 characters.
 *
 * The contract is the names of the endpoints and of the messages that each one handles, and the name, version,
 * fields and constraints of each message class of this process. It depends on neither the order of imports nor
 * the process, so all servers of one build have the same hash.
 */
export function contractHash(definitions: readonly EndpointDefinition[]): string {
  const endpoints = definitions.map(({ mark, routes }) => [mark.name, [...routes.keys()].toSorted()]);
  const messages = [...registeredMessages()]
    .filter(([name]) => !isReservedName(name))
    .map(([name, classes]) => {
      const cls = classes.at(-1);
      return [name, evolutionOf(cls).version ?? 1, contractOf(cls)];
    });
  const contract = JSON.stringify([texts(endpoints), texts(messages)]);
  return createHash('sha256').update(contract).digest('base64url').slice(0, HASH_CHARACTERS);
}

/** The characters of 128 bits in base64url. */
const HASH_CHARACTERS = 22;

function texts(items: readonly unknown[]): string[] {
  return items.map((item) => JSON.stringify(item)).toSorted();
}
