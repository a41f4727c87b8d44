import type { ChatItem } from '@nestwire/chat/client';
import { useState } from 'react';
import { FormDialog } from '../ui/form-dialog.js';

interface ReportDialogProps {
  readonly item: ChatItem;
  onReport(reason: string): Promise<void>;
  onClose(): void;
}

const REASONS = ['It is spam', 'It insults or harasses somebody', 'It shares private data', 'Another reason'];
const MAX_LENGTH = 900;

/** Asks why a message is reported to the moderators. */
export function ReportDialog({ item, onReport, onClose }: ReportDialogProps) {
  const [reason, setReason] = useState(REASONS[0]!);
  const [details, setDetails] = useState('');
  const isVague = reason === REASONS.at(-1) && details.trim() === '';
  return (
    <FormDialog
      title={`Report a message of ${item.message.author?.name ?? 'a former member'}`}
      action="Report"
      canSubmit={!isVague}
      onSubmit={() => onReport([reason, details.trim()].filter(Boolean).join(': '))}
      onClose={onClose}
    >
      <p className="hint" dir="auto">
        {item.message.text?.slice(0, 200)}
      </p>
      <label className="text-field">
        Reason
        <select value={reason} onChange={({ target }) => setReason(target.value)} autoFocus>
          {REASONS.map((text) => (
            <option key={text}>{text}</option>
          ))}
        </select>
      </label>
      <label className="text-field">
        Details
        <textarea
          value={details}
          onChange={({ target }) => setDetails(target.value)}
          maxLength={MAX_LENGTH}
          rows={3}
          dir="auto"
        />
      </label>
    </FormDialog>
  );
}
