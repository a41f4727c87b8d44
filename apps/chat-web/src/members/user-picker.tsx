import type { ChatProfile } from '@nestwire/chat/client';
import { useState } from 'react';
import { Icon } from '../ui/icon.js';
import { Person } from '../ui/person.js';
import { SearchField } from '../ui/search-field.js';
import { useFoundUsers } from './use-found-users.js';
import './user-picker.css';

interface UserPickerProps {
  readonly picked: readonly ChatProfile[];
  onPicked(users: readonly ChatProfile[]): void;
}

/** Finds users by name; a click picks one or takes it back. */
export function UserPicker({ picked, onPicked }: UserPickerProps) {
  const [text, setText] = useState('');
  const found = useFoundUsers(text);
  const isPicked = ({ id }: ChatProfile) => picked.some((user) => user.id === id);
  const toggle = (user: ChatProfile) =>
    onPicked(isPicked(user) ? picked.filter(({ id }) => id !== user.id) : [...picked, user]);
  return (
    <div className="user-picker">
      <SearchField label="Search people" placeholder="Search by name" value={text} onValue={setText} />
      <ul aria-label="People">
        {found?.map((user) => (
          <li key={user.id}>
            <button type="button" aria-pressed={isPicked(user)} onClick={() => toggle(user)}>
              <Person user={user} />
              {isPicked(user) && <Icon name="check" size={16} />}
            </button>
          </li>
        ))}
      </ul>
      {found?.length === 0 && <p className="hint">Nobody of this name.</p>}
    </div>
  );
}
