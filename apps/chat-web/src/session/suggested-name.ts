const FIRST = ['Amber', 'Briny', 'Calm', 'Early', 'Foggy', 'Gentle', 'Misty', 'Quiet', 'Sunny', 'Windy'];
const SECOND = [
  'Cormorant',
  'Eider',
  'Gannet',
  'Heron',
  'Lapwing',
  'Osprey',
  'Petrel',
  'Plover',
  'Puffin',
  'Tern',
];

/** Returns a name for somebody who does not want to think of one. */
export function suggestName(random = Math.random): string {
  const pick = (names: readonly string[]) => names[Math.floor(random() * names.length)]!;
  return `${pick(FIRST)} ${pick(SECOND)}`;
}
