import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { MAX_ANNOUNCEMENT_LENGTH, postAnnouncement } from '../chat/post-announcement.js';

/** A dialog for an announcement, which is sent over HTTP and received over the stream. */
export function AnnounceDialog({ onClose }: { onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  useEffect(() => dialog.current?.showModal(), []);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    try {
      await postAnnouncement(text.trim());
      onClose();
    } catch (error) {
      setProblem((error as Error).message);
    }
  }

  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="announce">
      <form onSubmit={submit}>
        <h2 id="announce">Announce to everybody</h2>
        <p>It appears above every conversation, on every server.</p>
        <textarea
          aria-label="Announcement"
          value={text}
          onChange={(event) => setText(event.target.value)}
          maxLength={MAX_ANNOUNCEMENT_LENGTH}
          rows={3}
        />
        {problem && (
          <small className="refused" role="alert">
            {problem}
          </small>
        )}
        <div className="dialog-buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="primary" disabled={!text.trim()}>
            Announce
          </button>
        </div>
      </form>
    </dialog>
  );
}
