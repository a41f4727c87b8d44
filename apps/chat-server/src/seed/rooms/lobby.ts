import { said, type SeedRoom } from '../seed-room.js';

/** The room for everybody. */
export const lobby: SeedRoom = {
  id: 'lobby',
  type: 'public',
  topic: 'Everything that concerns all of us. Newcomers are welcome here.',
  messages: [
    said(
      [7, '8:52'],
      'mara',
      'Good morning, all. This is the week of 3.2, so expect me to ask boring questions.',
      {
        reactions: { '☕': ['seun', 'priya', 'hanna'] },
      },
    ),
    said(
      [7, '8:54'],
      'seun',
      'Boring questions are the best ones. The exciting ones come at 2 in the morning.',
      {
        reactions: { '😄': ['mara', 'tomasz', 'kenji'] },
      },
    ),
    said([7, '9:01'], 'mara', 'Three things for this week:'),
    said(
      [7, '9:01'],
      'mara',
      '1. The new ferry times go live on Thursday.\n2. The tide widget goes to the first 500 people.\n3. **No** new features after Tuesday evening. I mean it this time.',
      {
        key: 'plan',
        isPinned: true,
        reactions: { '👍': ['tomasz', 'ines', 'kenji', 'nour', 'priya', 'seun', 'hanna'] },
      },
    ),
    said([7, '9:03'], 'tomasz', 'You said that last time as well.', { replyTo: 'plan' }),
    said([7, '9:04'], 'mara', 'Last time I had not yet met the consequences.', {
      reactions: { '💯': ['priya'], '😄': ['tomasz', 'seun'] },
    }),
    said(
      [7, '11:30'],
      'hanna',
      'Support had 14 tickets over the weekend. Nine of them ask why the last boat to Hven is missing on Sundays.',
    ),
    said([7, '11:31'], 'hanna', 'It is not missing. It does not sail on Sundays. Perhaps we can say so?', {
      key: 'sunday',
      reactions: { '💡': ['ines', 'mara'] },
    }),
    said(
      [7, '11:38'],
      'ines',
      'An empty list looks like a bug. I will draw a state for “no boat on this day” with the next one below it.',
      {
        thread: 'sunday',
      },
    ),
    said([7, '11:41'], 'hanna', 'That would save me about an hour each Monday.', { thread: 'sunday' }),
    said(
      [7, '11:44'],
      'kenji',
      'The data has a reason for it: `operatesOn` is empty and `note` says why. I can show the note.',
      {
        thread: 'sunday',
        reactions: { '🙌': ['hanna', 'ines'] },
      },
    ),
    said([7, '15:20'], 'nour', 'مرحبا بالجميع، وصلت إلى المكتب الجديد 🌊'),
    said(
      [7, '15:21'],
      'nour',
      'For everybody else: I have arrived at the new office, and one can hear the sea from the meeting room.',
      {
        reactions: { '🌊': ['mara', 'ines', 'kenji', 'seun'], '❤️': ['hanna'] },
      },
    ),
    said(
      [6, '9:12'],
      'priya',
      'Reminder: the test phones are in the drawer below the printer. Please put them back *charged*.',
      {
        reactions: { '🔋': ['kenji', 'seun'] },
      },
    ),
    said([6, '12:03'], 'seun', 'Lunch at the fish place? They have the soup again.'),
    said([6, '12:04'], 'kenji', 'Yes. Ten minutes.'),
    said([6, '12:04'], 'ines', 'Save me a chair, I have a call until half past.'),
    said([6, '17:55'], 'tomasz', 'Feature freeze in five minutes. I can hear someone typing.', {
      reactions: { '🤫': ['seun', 'kenji'], '❄️': ['mara', 'priya'] },
    }),
    said([5, '9:05'], 'mara', 'How do we feel about Thursday? One line each, please.', { key: 'feel' }),
    said([5, '9:07'], 'tomasz', 'Backend: calm. The import runs in 40 seconds instead of nine minutes.', {
      thread: 'feel',
    }),
    said([5, '9:08'], 'kenji', 'Mobile: fine on Android, one crash left on old iPads.', { thread: 'feel' }),
    said([5, '9:10'], 'priya', 'Operations: ready. I wrote the way back before the way forward.', {
      thread: 'feel',
      reactions: { '❤️': ['mara', 'tomasz'] },
    }),
    said([5, '9:15'], 'ines', 'Design: done, apart from the thing I shall notice on Thursday at noon.', {
      thread: 'feel',
    }),
    said([5, '9:16'], 'nour', 'Data: two harbours have moved their timetables again. I have both versions.', {
      thread: 'feel',
    }),
    said(
      [5, '14:40'],
      'hanna',
      'A customer sent this: “I planned my wedding with your tide table and nobody got wet feet.”',
      {
        reactions: { '💒': ['mara', 'ines', 'seun', 'nour'], '😍': ['priya', 'kenji'] },
      },
    ),
    said([5, '14:42'], 'mara', 'Please ask whether we may print that.'),
    said([4, '8:31'], 'priya', 'Deploying 3.2 to the first server now. Follow along in #release.', {
      reactions: { '🚀': ['tomasz', 'seun', 'kenji', 'mara'] },
    }),
    said([4, '16:12'], 'mara', 'It is out. No drama, no rollback. Thank you, all of you.', {
      key: 'out',
      reactions: {
        '🎉': ['tomasz', 'ines', 'kenji', 'nour', 'priya', 'seun', 'hanna'],
        '🚢': ['kenji', 'nour'],
      },
    }),
    said([4, '16:13'], 'seun', 'A release without a story to tell at dinner. I am almost disappointed.', {
      replyTo: 'out',
      reactions: { '😄': ['mara', 'priya'] },
    }),
    said([3, '10:02'], 'kenji', 'The widget has 512 users. The twelve extra ones are my family.'),
    said(
      [3, '10:20'],
      'nour',
      'Has anybody read this? https://en.wikipedia.org/wiki/Tide-predicting_machine We do the same thing, with fewer pulleys.',
      {
        reactions: { '🤓': ['tomasz', 'priya', 'ines'] },
      },
    ),
    said([3, '10:26'], 'tomasz', 'Fewer pulleys, more YAML. I am not sure who got the better deal.', {
      reactions: { '😄': ['nour', 'seun', 'mara'] },
    }),
    said(
      [2, '9:30'],
      'hanna',
      'Quiet night. Two tickets, both solved by the “no boat on this day” note. Thank you @Inês and @Kenji!',
      {
        reactions: { '💙': ['ines', 'kenji'] },
      },
    ),
    said(
      [2, '13:15'],
      'ines',
      'Whoever watered my plant while I was away: it has never looked better, and I feel judged.',
      {
        reactions: { '🪴': ['hanna', 'mara', 'seun'] },
      },
    ),
    said(
      [1, '9:00'],
      'mara',
      'Planning is at 10 today, in the room with the sea. Bring one thing that annoyed you last week.',
      {
        key: 'planning',
      },
    ),
    said([1, '9:02'], 'tomasz', 'Only one?', { replyTo: 'planning' }),
    said(
      [1, '11:48'],
      'mara',
      'Notes from planning are in the wiki. In short: offline maps first, then quieter notifications, then the harbour pages.',
      {
        reactions: { '👍': ['kenji', 'ines', 'priya'] },
      },
    ),
    said([1, '17:02'], 'seun', 'Has somebody seen the good HDMI cable? The one that works?'),
    said([1, '17:05'], 'priya', 'It is in the meeting room, behind the screen, tied up like a prisoner.', {
      reactions: { '😄': ['seun', 'hanna'] },
    }),
    said(
      38,
      'hanna',
      'Good day, everyone. The ferry to Hven is 20 minutes late because of fog, and our app said so before the harbour did.',
      {
        reactions: { '🌫️': ['nour'], '💪': ['tomasz', 'kenji', 'mara'] },
      },
    ),
    said(35, 'nour', 'That is the new buoy feed. It sees the fog about half an hour earlier.'),
    said(21, 'mara', 'Lovely. @Nour, could you show that in the demo on Friday?'),
    said(19, 'nour', 'With pleasure. بكل سرور'),
  ],
};
