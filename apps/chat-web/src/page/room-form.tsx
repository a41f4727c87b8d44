import { MAX_NAME_LENGTH, ROOM_NAME } from 'chat-server/messages';
import { useState, type SubmitEvent } from 'react';
import { Icon } from './icon.js';

/** A form to join a room by name; joining an empty room creates it. */
export function RoomForm({ onEnter }: { onEnter(room: string): Promise<void> }) {
  const [name, setName] = useState('');
  const [problem, setProblem] = useState('');
  const room = name.trim().toLowerCase().replaceAll(/\s+/g, '-');

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    if (!ROOM_NAME.test(room)) return setProblem('Letters, digits, dots and dashes, please.');
    try {
      await onEnter(room);
      setName('');
      setProblem('');
    } catch (error) {
      setProblem((error as Error).message);
    }
  }

  return (
    <form className="room-form" onSubmit={submit}>
      <div className="field-row">
        <input
          value={name}
          onChange={(event) => setName(event.target.value)}
          placeholder="Join or create a room"
          aria-label="Name of a room to join or create"
          autoComplete="off"
          autoCapitalize="none"
          maxLength={MAX_NAME_LENGTH}
        />
        <button className="quiet" aria-label="Join the room">
          <Icon name="plus" />
        </button>
      </div>
      {problem && (
        <small className="refused" role="alert">
          {problem}
        </small>
      )}
    </form>
  );
}
