import { MAX_NAME_LENGTH, PERSON_NAME } from 'chat-server/messages';
import { useState, type SubmitEvent } from 'react';
import { authorColour } from './author-colour.js';
import { Brand } from './brand.js';
import './sign-in.css';

/** The form for picking a name. */
export function SignIn({ onPick }: { onPick(name: string): void }) {
  const [name, setName] = useState('');
  const [isRefused, setRefused] = useState(false);

  function submit(event: SubmitEvent) {
    event.preventDefault();
    const picked = name.trim();
    if (PERSON_NAME.test(picked)) onPick(picked);
    else setRefused(true);
  }

  return (
    <main className="sign-in">
      <Brand />
      <SignInWire />
      <form onSubmit={submit} noValidate>
        <h1>Two tabs, one wire.</h1>
        <p>Pick a name and start talking. Open a second tab, pick another name, and answer yourself.</p>
        <label htmlFor="name">Your name</label>
        <div className="field-row">
          <input
            id="name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            autoComplete="nickname"
            autoFocus
            maxLength={MAX_NAME_LENGTH}
            placeholder="Ada"
            aria-invalid={isRefused}
            aria-describedby="name-hint"
          />
          <button className="primary">Enter</button>
        </div>
        <small id="name-hint" className={isRefused ? 'refused' : undefined}>
          {isRefused
            ? 'Begin with a letter or digit; then letters, digits, spaces, dots and dashes.'
            : 'A demo: nobody checks who you are.'}
        </small>
      </form>
    </main>
  );
}

/** A decoration: a line across the page, with a text at each end. */
function SignInWire() {
  return (
    <div className="sign-in-wire" aria-hidden="true">
      <svg viewBox="0 0 1200 400" preserveAspectRatio="none">
        <path d="M-20 120C420 120 480 330 740 310S1040 40 1220 120" />
      </svg>
      <p style={authorColour('Ada')}>
        <b className="author">Ada</b> Are you on the other server?
      </p>
      <p style={authorColour('Grace')}>
        <b className="author">Grace</b> I am. Loud and clear.
      </p>
    </div>
  );
}
