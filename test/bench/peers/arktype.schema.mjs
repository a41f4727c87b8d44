import { type } from 'arktype';

/** @type {any} arktype's types need strict null checks, which these scripts do not have. */
const definition = {
  '+': 'reject',
  id: 'string <= 64',
  room: 'string <= 64',
  text: 'string <= 2000',
  priority: '0 <= number.integer <= 9',
  author: { '+': 'reject', id: 'string <= 64', name: 'string <= 64' },
  sentAt: 'Date',
};

export const schema = type(definition);
