import type { ChatProfile } from '@nestwire/chat';

/** The id of the assistant. */
export const ASSISTANT_ID = 'wren';

/** The people who are in the seeded rooms: a small company that makes tide tables and ferry times. */
export const TEAM = {
  mara: 'Mara Lindqvist',
  tomasz: 'Tomasz Wrona',
  ines: 'Inês Carvalho',
  kenji: 'Kenji Mori',
  nour: 'نور حداد',
  priya: 'Priya Raman',
  seun: 'Seun Adeyemi',
  hanna: 'Hanna Vogel',
} as const;

/** The names that the team uses in mentions. */
export const FIRST_NAMES: Readonly<Record<TeamId, string>> = {
  mara: 'Mara',
  tomasz: 'Tomasz',
  ines: 'Inês',
  kenji: 'Kenji',
  nour: 'Nour',
  priya: 'Priya',
  seun: 'Seun',
  hanna: 'Hanna',
};

/** The id of a member of the team. */
export type TeamId = keyof typeof TEAM;

/** The ids of the team. */
export const TEAM_IDS = Object.keys(TEAM) as TeamId[];

const PROFILES: ReadonlyMap<string, ChatProfile> = new Map<string, ChatProfile>([
  ...Object.entries(TEAM).map(([id, name]) => [id, { id, name }] as const),
  [ASSISTANT_ID, { id: ASSISTANT_ID, name: 'Wren' }] as const,
]);

/** Returns the profile of a member of the team or of the assistant. */
export function teamProfile(id: string): ChatProfile | undefined {
  return PROFILES.get(id);
}
