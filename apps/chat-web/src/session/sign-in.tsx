import { useState } from 'react';
import { Brand } from '../ui/brand.js';
import { Person } from '../ui/person.js';
import { useSubmit } from '../ui/use-submit.js';
import { recentSessions, requestSession, type Session } from './session.js';
import { suggestName } from './suggested-name.js';
import './sign-in.css';

const MAX_NAME_LENGTH = 24;

interface SignInProps {
  /** The reason of the server, when it has refused the former user. */
  readonly refusal: string | null;
  onSignIn(session: Session): void;
}

/** The form for a name, and the last users of this browser. */
export function SignIn({ refusal, onSignIn }: SignInProps) {
  const [suggested] = useState(suggestName);
  const [name, setName] = useState('');
  const { problem, isPending, submit } = useSubmit(async () =>
    onSignIn(await requestSession(name.trim() || suggested)),
  );

  return (
    <main className="sign-in">
      <SignInWire />
      <Brand />
      <div className="sign-in-box">
        <h1>A team, mid-conversation.</h1>
        <p>
          Five rooms, a week of messages and an assistant. Pick a name and take part. Open a second tab with
          another name, and answer yourself.
        </p>
        {refusal !== null && (
          <p className="refused" role="alert">
            The server has ended your session: {refusal}. Sign in again.
          </p>
        )}
        <form onSubmit={submit} noValidate>
          <label htmlFor="name">Your name</label>
          <div className="sign-in-row">
            <input
              id="name"
              value={name}
              onChange={({ target }) => setName(target.value)}
              autoComplete="nickname"
              autoFocus
              dir="auto"
              maxLength={MAX_NAME_LENGTH}
              placeholder={suggested}
              aria-invalid={problem !== ''}
              aria-describedby="name-hint"
            />
            <button className="primary" disabled={isPending}>
              Enter
            </button>
          </div>
          <small id="name-hint" className={problem ? 'refused' : 'hint'} role={problem ? 'alert' : undefined}>
            {problem || 'A demo: no password, and nobody checks who you are.'}
          </small>
        </form>
        <RecentUsers onSignIn={onSignIn} />
      </div>
    </main>
  );
}

function RecentUsers({ onSignIn }: { onSignIn(session: Session): void }) {
  const [recent] = useState(recentSessions);
  if (recent.length === 0) return null;
  return (
    <section aria-label="Users of this browser" className="recent">
      <h2>Or continue as</h2>
      <ul>
        {recent.map((session) => (
          <li key={session.user.id}>
            <button className="secondary" onClick={() => onSignIn(session)}>
              <Person user={session.user} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A decoration: a line across the page. */
function SignInWire() {
  return (
    <svg className="sign-in-wire" viewBox="0 0 1200 400" preserveAspectRatio="none" aria-hidden="true">
      <path d="M-20 120C420 120 480 330 740 310S1040 40 1220 120" />
    </svg>
  );
}
