import { said, type SeedRoom } from '../seed-room.js';

/** The room for everything that is no work. */
export const harbour: SeedRoom = {
  id: 'harbour',
  type: 'public',
  topic: 'Photos, soup, seagulls. No work in here.',
  messages: [
    said([6, '18:20'], 'kenji', 'A seagull has stolen my sandwich in front of witnesses.', {
      key: 'gull',
      reactions: { '🥪': ['seun', 'ines'], '😱': ['hanna', 'mara'] },
    }),
    said([6, '18:22'], 'seun', 'I am a witness. It was planned. There was a second one as a distraction.', {
      replyTo: 'gull',
      reactions: { '😄': ['kenji', 'priya', 'nour'] },
    }),
    said([5, '7:12'], 'nour', 'Sunrise over the outer pier this morning.', {
      key: 'sunrise',
      picture: 'sunrise.png',
      reactions: { '😍': ['ines', 'mara', 'hanna'], '🌅': ['kenji', 'seun', 'tomasz'] },
    }),
    said([5, '7:40'], 'tomasz', 'Seven in the morning? I thought that was a rumour.', { replyTo: 'sunrise' }),
    said([3, '12:50'], 'hanna', 'The soup is back. I repeat: the soup is back.', {
      reactions: { '🍲': ['seun', 'kenji', 'mara', 'ines'] },
    }),
    said(
      [3, '19:05'],
      'priya',
      'Board games on Friday at mine. @Tomasz brings the game with the trains, I make dal.',
      {
        key: 'games',
        reactions: { '🎲': ['tomasz', 'seun', 'nour'], '🍛': ['kenji', 'mara'] },
      },
    ),
    said([3, '19:12'], 'tomasz', 'Last time the trains took five hours.', { thread: 'games' }),
    said([3, '19:13'], 'priya', 'Because you read the rules aloud. Twice.', {
      thread: 'games',
      reactions: { '😄': ['seun', 'nour', 'tomasz'] },
    }),
    said(
      [1, '20:45'],
      'ines',
      'My tide clock arrived. It has one hand and is wrong by 50 minutes each day, exactly as it should be.',
      {
        reactions: { '🕰️': ['nour', 'tomasz', 'mara'] },
      },
    ),
    said(155, 'seun', 'The gull is back. It is looking at my keyboard.', {
      reactions: { '👀': ['kenji', 'hanna'], '🫡': ['tomasz'] },
    }),
  ],
};
