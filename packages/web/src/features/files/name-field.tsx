/** Types a name into the tree: Enter keeps it, Escape does not, and a name that can't be says why. */
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";

export type NameFieldProps = {
  readonly label: string;
  readonly initial: string;
  readonly faultOf: (name: string) => string | undefined;
  /** May reject with a sentence-bearing error; the field then stays open. */
  readonly onKeep: (name: string) => void;
  readonly onCancel: () => void;
};

export const NameField = ({ label, initial, faultOf, onKeep, onCancel }: NameFieldProps) => {
  const [name, setName] = useState(initial);
  const [wasTried, setTried] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);
  const faultId = useId();
  const fault = name === initial && initial !== "" ? undefined : faultOf(name);

  useEffect(() => {
    input.current?.focus();
    const dot = initial.lastIndexOf(".");
    input.current?.setSelectionRange(0, dot > 0 ? dot : initial.length);
  }, [initial]);

  const finish = (keep: boolean): void => {
    if (isDone.current) return;
    isDone.current = true;
    if (keep && name !== initial && fault === undefined) onKeep(name);
    else onCancel();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Escape") finish(false);
    if (event.key !== "Enter") return;
    if (fault === undefined) finish(true);
    else setTried(true);
  };
  const showFault = fault !== undefined && (wasTried || name !== "");
  return (
    <span className="name-field">
      <input
        ref={input}
        className="name-input"
        aria-label={label}
        aria-invalid={showFault}
        aria-describedby={showFault ? faultId : undefined}
        autoCapitalize="off"
        autoComplete="off"
        spellCheck={false}
        value={name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={() => finish(true)}
      />
      {showFault && (
        <span id={faultId} className="name-fault" role="alert">
          {fault}
        </span>
      )}
    </span>
  );
};
