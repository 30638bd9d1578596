/** A row of a list that asks for confirmation before it removes a user's access. */
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";

export type ConfirmRowProps = {
  readonly question: ReactNode;
  readonly verb: string;
  readonly onConfirm: () => void;
  readonly onKeep: () => void;
};

export const ConfirmRow = ({ question, verb, onConfirm, onKeep }: ConfirmRowProps) => {
  const id = useId();
  const keep = useRef<HTMLButtonElement>(null);
  // The button that cancels has the focus.
  useLayoutEffect(() => keep.current?.focus(), []);
  return (
    <li className="share-row share-row-question">
      <span id={id} className="share-row-name">
        {question}
      </span>
      <button ref={keep} aria-describedby={id} className="button button-quiet" onClick={onKeep}>
        Keep
      </button>
      <button className="button button-danger" aria-describedby={id} onClick={onConfirm}>
        {verb}
      </button>
    </li>
  );
};
