/** Types a name into the tree: Enter keeps it, Escape does not, and an invalid name shows why. */
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";

export type NameFieldProps = {
  readonly label: string;
  readonly initial: string;
  readonly faultOf: (name: string) => string | undefined;
  /** Called with a valid name; `byKey` when the user pressed Enter and may go on typing. */
  readonly onKeep: (name: string, how: { readonly byKey: boolean }) => void;
  readonly onCancel: () => void;
};

export const NameField = ({ label, initial, faultOf, onKeep, onCancel }: NameFieldProps) => {
  const [name, setName] = useState(initial);
  const [wasTried, setTried] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);
  const faultId = useId();
  // Spaces at the ends are nothing that anybody means.
  const wanted = name.trim();
  const fault = wanted === initial && initial !== "" ? undefined : faultOf(wanted);

  useEffect(() => {
    input.current?.focus();
    const dot = initial.lastIndexOf(".");
    input.current?.setSelectionRange(0, dot > 0 ? dot : initial.length);
  }, [initial]);

  const finish = (keep: boolean, byKey = true): void => {
    if (isDone.current) return;
    isDone.current = true;
    if (keep && wanted !== initial && fault === undefined) onKeep(wanted, { byKey });
    else onCancel();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // The tree's keys mean something else in here; Run and F6 go on.
    event.stopPropagation();
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") finish(false);
    if (event.key !== "Enter") return;
    // The element that gets the focus must not treat this key as a new line.
    event.preventDefault();
    if (fault === undefined) finish(true);
    else setTried(true);
  };
  const showFault = fault !== undefined && (wasTried || wanted !== "");
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
        onBlur={() => finish(true, false)}
      />
      {showFault && (
        <span id={faultId} className="name-fault" role="alert">
          {fault}
        </span>
      )}
    </span>
  );
};
