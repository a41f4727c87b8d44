import { said, type SeedRoom } from '../seed-room.js';

/** The room of the design. */
export const design: SeedRoom = {
  id: 'design',
  type: 'public',
  topic: 'Screens, words and colours. Show early, show unfinished.',
  messages: [
    said(
      [7, '13:02'],
      'ines',
      'First sketch of the empty day: a big sentence, a small reason, the next boat as a card. No illustration of a sad anchor.',
      {
        key: 'empty',
        reactions: { '⚓': ['seun', 'kenji'], '👍': ['hanna', 'mara'] },
      },
    ),
    said(
      [7, '13:10'],
      'hanna',
      'Could the reason be in the words of the harbour? People call me to argue with ours.',
      { thread: 'empty' },
    ),
    said(
      [7, '13:12'],
      'ines',
      'Yes, as a quote with the name of the harbour. Then they can argue with the harbour.',
      {
        thread: 'empty',
        reactions: { '😄': ['hanna', 'mara'] },
      },
    ),
    said(
      [6, '10:30'],
      'ines',
      'The blue of the buttons fails the contrast test on grey: 3.9 to 1. I move it to `#1d6f8a`, which gives 5.4.',
    ),
    said([6, '10:33'], 'seun', 'Replaced. It was in 41 places, now it is in one.', {
      reactions: { '✨': ['ines', 'priya'] },
    }),
    said(
      [5, '15:00'],
      'kenji',
      'How large must the departure time be so that a captain reads it on a tablet, at arm’s length, in rain?',
      { key: 'size' },
    ),
    said(
      [5, '15:07'],
      'ines',
      'I printed six sizes and walked along the pier. Everything below 34 px is decoration.',
      {
        replyTo: 'size',
        reactions: { '🌧️': ['kenji', 'hanna'], '🏆': ['mara'] },
      },
    ),
    said([4, '9:01'], 'ines', 'About the logo: I have learned what a cache is. Twice.', {
      reactions: { '😄': ['seun', 'priya', 'tomasz'] },
    }),
    said(
      [3, '11:20'],
      'seun',
      'Dark mode of the timetable: the lines between the rows vanish on old screens. Shall I make them lighter, or drop them?',
    ),
    said(
      [3, '11:24'],
      'ines',
      'Drop them and give the rows more air. Lines are what we draw when we do not trust the spacing.',
      {
        key: 'air',
        reactions: { '🖼️': ['seun', 'mara'] },
      },
    ),
    said([3, '11:40'], 'seun', 'Done. It looks as if we had planned it.', { replyTo: 'air' }),
    said(
      [2, '14:18'],
      'nour',
      'A request from the Arabic version: the arrow for “next boat” points into the past. In a right-to-left text it must turn around.',
      {
        key: 'rtl',
      },
    ),
    said(
      [2, '14:22'],
      'ines',
      'You are right, and I am ashamed that nobody saw it for a year. Fixing it now.',
      { thread: 'rtl' },
    ),
    said(
      [2, '14:51'],
      'seun',
      'All our icons with a direction now follow the text. There were nine of them.',
      {
        thread: 'rtl',
        reactions: { '🙏': ['nour', 'ines'] },
      },
    ),
    said(
      [1, '15:30'],
      'ines',
      'The harbour pages have a first draft. Each has one photo, the next boat, the tide, and nothing else above the fold.',
      {
        reactions: { '😍': ['mara', 'kenji'], '🌊': ['nour'] },
      },
    ),
    said(
      130,
      'mara',
      'I showed the draft to two harbour masters. Both asked where the menu is, and both found the boat first. I call it a success.',
      {
        reactions: { '🎉': ['ines', 'seun'] },
      },
    ),
  ],
};
