/** An emoji with the words that find it. */
export interface Emoji {
  readonly char: string;
  readonly name: string;
}

const TABLE = `👍 thumbs up yes,👎 thumbs down no,❤️ heart love,😄 smile laugh,😂 joy tears,😊 blush happy,😍 love eyes,🤔 thinking hmm
😮 wow surprised,😢 sad cry,😭 sob,😅 sweat phew,😎 cool,🙃 upside down,😉 wink,🤯 mind blown,😴 sleep,🤓 nerd,🥳 party face,😇 angel
😱 scream,🫡 salute,🤝 handshake deal,🙏 thanks please,👏 clap,🙌 hooray raised hands,👋 wave hello,💪 strong,👀 eyes look,🧠 brain
💯 hundred,✅ done check,❌ cross wrong,❓ question,❗ important,💡 idea,🔥 fire,✨ sparkles,⚡ fast,🎉 party tada,🎯 target,🏆 trophy
🚀 rocket launch,🚢 ship,⚓ anchor,🌊 wave sea,🌅 sunrise,🌧️ rain,🌫️ fog,❄️ snow freeze,🌕 moon,☀️ sun,🪴 plant,🐛 bug,🐦 bird
☕ coffee,🍲 soup,🍰 cake,🍛 curry,🥪 sandwich,🍕 pizza,🍺 beer,🎲 game dice,🎵 music,📝 note,📌 pin,📱 phone,💻 laptop,🔋 battery
🔧 fix tool,🧹 clean,🗑️ bin,📈 up chart,📉 down chart,🕛 clock noon,⏳ wait,🔒 lock,💙 blue heart,💚 green heart`;

/** The emojis that the page offers, the most used first. */
export const EMOJIS: readonly Emoji[] = TABLE.split(/[,\n]/).map((entry) => {
  const space = entry.indexOf(' ');
  return { char: entry.slice(0, space), name: entry.slice(space + 1) };
});

/** The emojis of the quick reactions. */
export const QUICK_EMOJIS: readonly string[] = ['👍', '❤️', '😄', '🎉', '👀', '✅'];

/** Returns the emojis whose words begin with a text. */
export function findEmojis(text: string, limit = EMOJIS.length): readonly Emoji[] {
  const wanted = text.toLowerCase();
  return EMOJIS.filter(({ name }) => name.split(' ').some((word) => word.startsWith(wanted))).slice(0, limit);
}
