import { useState, type FormEvent } from 'react';
import { Brand } from '../ui/brand.js';
import { Person } from '../ui/person.js';
import { recentSessions, requestSession, type Session } from './session.js';
import { suggestName } from './suggested-name.js';
import './sign-in.css';

const MAX_NAME_LENGTH = 24;

/** The form for a name, and the last users of this browser. */
export function SignIn({ onSignIn }: { onSignIn(session: Session): void }) {
  const [suggested] = useState(suggestName);
  const [name, setName] = useState('');
  const [problem, setProblem] = useState('');
  const [isPending, setPending] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setPending(true);
    setProblem('');
    try {
      onSignIn(await requestSession(name.trim() || suggested));
    } catch (error) {
      setProblem((error as Error).message);
      setPending(false);
    }
  }

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
        <form onSubmit={(event) => void submit(event)} noValidate>
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
