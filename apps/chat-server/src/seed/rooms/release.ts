import { said, type SeedRoom } from '../seed-room.js';

/** The room of the release that went out during the week. */
export const release: SeedRoom = {
  id: 'release',
  type: 'public',
  topic: 'Tidewise 3.2: status, decisions, and who does what.',
  messages: [
    said(
      [6, '9:20'],
      'priya',
      'Branch `release/3.2` is cut. From here on only fixes, each with a test and a second pair of eyes.',
      {
        key: 'cut',
        isPinned: true,
        reactions: { '✂️': ['tomasz'], '👀': ['kenji', 'seun'] },
      },
    ),
    said(
      [6, '9:41'],
      'kenji',
      'Known problems on mobile:\n• the map jumps when the phone turns\n• a crash on iPads from 2017\n• the widget forgets its harbour after an update',
    ),
    said([6, '9:44'], 'mara', 'Which of them would stop the release?'),
    said([6, '9:46'], 'kenji', 'The crash. The other two are embarrassing, not dangerous.', { key: 'crash' }),
    said([6, '9:52'], 'priya', 'How many people have such an iPad?', { thread: 'crash' }),
    said(
      [6, '10:05'],
      'nour',
      '1.8 % of the active devices, so about 2,100 people. Most of them are ferry crews.',
      { thread: 'crash' },
    ),
    said([6, '10:06'], 'priya', 'Then it stops the release. Crews are the last people we may let down.', {
      thread: 'crash',
      reactions: { '💯': ['mara', 'kenji', 'hanna'] },
    }),
    said(
      [6, '15:31'],
      'kenji',
      'Found it: the old WebView has no `structuredClone`. Seven lines and a test.',
      {
        thread: 'crash',
        reactions: { '🎯': ['priya', 'tomasz', 'seun'] },
      },
    ),
    said(
      [5, '10:00'],
      'priya',
      'Rehearsal on staging is done. Forward: 3 min 10 s. Back: 50 s. I prefer it in this order.',
      {
        reactions: { '👏': ['mara', 'tomasz', 'nour'] },
      },
    ),
    said(
      [5, '10:12'],
      'tomasz',
      'The migration locks the table `departures` for 1.4 s. Nobody will notice at 8:30.',
    ),
    said([5, '10:13'], 'priya', 'Somebody always notices. But 1.4 s is fine.'),
    said([4, '8:30'], 'priya', 'Starting. Server 1 of 4.', { key: 'start' }),
    said([4, '8:37'], 'priya', 'Server 1 is on 3.2 and takes traffic. Errors: none. Latency: as before.', {
      reactions: { '✅': ['tomasz', 'mara'] },
    }),
    said([4, '8:52'], 'priya', 'Servers 2 and 3 done.'),
    said([4, '8:58'], 'seun', 'The page shows the old logo for me. Is that a cache?', { key: 'logo' }),
    said([4, '9:00'], 'ines', 'It is the noon thing, three hours early. I named the file the same. Sorry!', {
      replyTo: 'logo',
      reactions: { '🕛': ['mara', 'seun', 'tomasz'] },
    }),
    said([4, '9:08'], 'seun', 'New file name, new logo. Thank you for the smallest fix of the year.'),
    said([4, '9:15'], 'priya', 'Server 4 done. We are on 3.2.', {
      reactions: { '🚀': ['mara', 'tomasz', 'kenji', 'ines', 'seun', 'nour', 'hanna'] },
    }),
    said(
      [4, '11:40'],
      'hanna',
      'Support is quiet. Suspiciously quiet. I checked that the mail works. It does.',
      {
        reactions: { '😄': ['priya', 'mara'] },
      },
    ),
    said(
      [3, '9:02'],
      'priya',
      'Numbers after 24 hours:\n```\nrequests      4.1 M   (+6 %)\np99 latency   180 ms  (-22 %)\nerrors        0.004 %\nrollbacks     0\n```',
      {
        key: 'numbers',
        isPinned: true,
        reactions: { '📉': ['tomasz', 'nour'], '🎉': ['mara', 'seun'] },
      },
    ),
    said([3, '9:05'], 'mara', 'Minus 22 %? What did we do?', { thread: 'numbers' }),
    said(
      [3, '9:09'],
      'tomasz',
      'The import no longer rebuilds every timetable. It rebuilds those that changed, and that is 3 % of them.',
      { thread: 'numbers' },
    ),
    said([3, '9:10'], 'mara', 'That deserves a cake.', {
      thread: 'numbers',
      reactions: { '🍰': ['tomasz', 'priya', 'nour', 'ines'] },
    }),
    said(
      [2, '16:00'],
      'kenji',
      '3.2.1 is in the stores. It has the map fix and the widget fix, nothing else.',
      { reactions: { '📱': ['priya', 'mara'] } },
    ),
    said(
      [1, '10:41'],
      'priya',
      'I close this release. The notes for the next one begin with: “name files after their content”.',
      {
        reactions: { '😇': ['ines'], '📝': ['mara'] },
      },
    ),
    said(56, 'mara', 'Half of the users have updated by now. Thank you for staying with it, @Priya.'),
  ],
};
