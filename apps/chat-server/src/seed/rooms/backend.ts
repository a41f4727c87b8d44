import { said, type SeedRoom } from '../seed-room.js';

/** The room of those who write the servers. */
export const backend: SeedRoom = {
  id: 'backend',
  type: 'public',
  topic: 'Servers, data and the import. Questions are welcome, screenshots of code are not.',
  messages: [
    said(
      [7, '10:14'],
      'tomasz',
      'The import takes nine minutes, and for eight of them it computes what it computed yesterday.',
      { key: 'import' },
    ),
    said(
      [7, '10:16'],
      'nour',
      'A hash for each timetable? The harbours send whole files, but most lines never change.',
      { thread: 'import' },
    ),
    said(
      [7, '10:22'],
      'tomasz',
      'I tried:\n```ts\nconst changed = timetables.filter(\n  ({ id, lines }) => hashOf(lines) !== known.get(id),\n);\nawait rebuild(changed);\n```\nNine minutes become 40 seconds.',
      {
        thread: 'import',
        reactions: { '🤯': ['nour', 'priya', 'seun'] },
      },
    ),
    said([7, '10:25'], 'priya', 'What happens when a hash is stored and the rebuild fails afterwards?', {
      thread: 'import',
    }),
    said([7, '10:31'], 'tomasz', 'Then we show yesterday’s boat. Good catch. Both go into one transaction.', {
      thread: 'import',
      reactions: { '🙏': ['priya'] },
    }),
    said(
      [6, '14:02'],
      'nour',
      'Gdynia sends its times in UTC, except on Sundays, when somebody enters them by hand in local time.',
    ),
    said([6, '14:03'], 'tomasz', 'Of course they do.', { reactions: { '😭': ['nour', 'priya'] } }),
    said(
      [6, '14:20'],
      'nour',
      'I compare them with the tide: a boat that leaves at low water from pier 3 is off by an hour. It finds all of them.',
      {
        key: 'tide',
        reactions: { '🧠': ['tomasz', 'priya', 'kenji', 'mara'] },
      },
    ),
    said([6, '14:24'], 'kenji', 'You are checking the clock with the moon. I love this job.', {
      replyTo: 'tide',
      reactions: { '🌕': ['nour', 'tomasz', 'seun'] },
    }),
    said(
      [5, '11:11'],
      'seun',
      'Can the page have the next three departures in one request? I make three at the moment, and the middle one is always late.',
    ),
    said(
      [5, '11:15'],
      'tomasz',
      '`GET /harbours/:id/departures?limit=3` since this morning. It is in the docs as well.',
      { reactions: { '⚡': ['seun'] } },
    ),
    said([5, '11:16'], 'seun', 'You document things before I ask. It is unsettling.'),
    said(
      [3, '13:33'],
      'priya',
      'Disk of the log server at 81 %. Not urgent. I delete the debug logs of last spring unless somebody objects by tomorrow.',
      {
        reactions: { '🗑️': ['tomasz', 'nour'] },
      },
    ),
    said(
      [2, '9:48'],
      'nour',
      'The buoy feed of the coast guard is open data now: https://opendata.dwd.de/ One value a minute, with wind and visibility.',
    ),
    said(
      [2, '9:55'],
      'tomasz',
      'Visibility! Then we know about fog before the harbour master has opened the window.',
      {
        reactions: { '🌫️': ['nour', 'kenji'] },
      },
    ),
    said(
      [2, '15:12'],
      'nour',
      'First version is on staging. It warns when visibility is below 500 m and a boat leaves within the hour.',
      { key: 'fog' },
    ),
    said([2, '15:14'], 'priya', 'What if a buoy fails and reports 0?', { thread: 'fog' }),
    said(
      [2, '15:20'],
      'nour',
      'Then its neighbours disagree, and we believe the neighbours. One buoy alone never warns.',
      {
        thread: 'fog',
        reactions: { '👍': ['priya', 'tomasz'] },
      },
    ),
    said(
      [1, '10:05'],
      'tomasz',
      'Fog warnings are live. I also removed 1,100 lines that nobody had called since 2.0.',
      {
        reactions: { '🧹': ['priya', 'seun', 'nour'], '🎉': ['mara'] },
      },
    ),
    said(
      90,
      'priya',
      'Backup restored into an empty database this morning, as every month: 6 min 20 s, all rows there.',
      {
        reactions: { '😌': ['tomasz', 'mara'] },
      },
    ),
  ],
};
