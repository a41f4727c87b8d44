import { StreamMessage } from './stream-message.decorator.js';

describe('@StreamMessage()', () => {
  it.each([
    ['an empty name', ''],
    ['a name that is too long', 'x'.repeat(129)],
  ])('refuses %s', (_, name) => {
    expect(() => StreamMessage(name)(class {} as never)).toThrow(/1 to 128 characters/);
  });

  it('refuses a class with a method "then", own or inherited', () => {
    class Thenable {
      then(): void {}
    }
    class Child extends Thenable {}

    for (const cls of [Thenable, Child])
      expect(() => StreamMessage('registry.thenable')(cls as never)).toThrow(/has a method "then"/);
  });
});
