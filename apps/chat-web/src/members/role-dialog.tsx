import type { ChatMember, ChatRole } from '@nestwire/chat/client';
import { useState } from 'react';
import { FormDialog } from '../ui/form-dialog.js';
import { GIVEN_ROLES, ROLE_NAMES, ROLE_RIGHTS } from './role-names.js';
import './role-dialog.css';

interface RoleDialogProps {
  readonly member: ChatMember;
  onRole(role: ChatRole): Promise<void>;
  onClose(): void;
}

/** Asks for the role of a member. */
export function RoleDialog({ member, onRole, onClose }: RoleDialogProps) {
  const [role, setRole] = useState(member.role);
  return (
    <FormDialog
      title={`Role of ${member.user.name}`}
      action="Save"
      canSubmit={role !== member.role}
      onSubmit={() => onRole(role)}
      onClose={onClose}
    >
      <fieldset className="roles">
        <legend className="unseen">Role</legend>
        {GIVEN_ROLES.map((given) => (
          <label key={given} className="role">
            <input
              type="radio"
              name="role"
              value={given}
              checked={role === given}
              onChange={() => setRole(given)}
              autoFocus={member.role === given}
            />
            <span>
              {ROLE_NAMES[given]}
              <small className="hint">{ROLE_RIGHTS[given]}</small>
            </span>
          </label>
        ))}
      </fieldset>
    </FormDialog>
  );
}
