/** Arguments, variables and input of what Run starts: kept for the user and the project. */
import { type FormEvent, useId, useState } from "react";
import { useApp } from "../../app/services.ts";
import { Dialog } from "../../design/dialog.tsx";
import { filesOf } from "../files/entries.ts";
import { run } from "./run-actions.ts";
import { keyOf, type RunOptions } from "./run-choice-store.ts";
import { joinWords, readVariables, splitWords, writeVariables } from "./run-options-text.ts";
import { type RunTarget, targetName, targetOf } from "./run-target.ts";
import "./run-options-dialog.css";

type InputKind = "typed" | "text" | "file";
type Fields = {
  readonly args: string;
  readonly env: string;
  readonly input: InputKind;
  readonly text: string;
  readonly file: string;
};

/** Of those that are kept the oldest go first. */
const MOST_KEPT = 20;
const MOST_TEXT = 65_536;

const configured = (target: RunTarget): RunOptions => {
  if (target.kind === "file") return {};
  const { args, env, stdin } = target.configuration;
  return {
    args,
    env,
    ...(typeof stdin === "string" ? { stdin } : stdin === undefined ? {} : { stdinFile: stdin.file }),
  };
};

const fieldsOf = ({ args = [], env = {}, stdin, stdinFile }: RunOptions): Fields => ({
  args: joinWords(args),
  env: writeVariables(env),
  input: stdin !== undefined ? "text" : stdinFile === undefined ? "typed" : "file",
  text: stdin ?? "",
  file: stdinFile ?? "",
});

type Read = { readonly options: RunOptions } | { readonly field: "args" | "env" | "input"; readonly fault: string };

const readFields = ({ args, env, input, text, file }: Fields, paths: readonly string[]): Read => {
  const words = splitWords(args);
  if (words === undefined) return { field: "args", fault: "A quote is not closed." };
  const variables = readVariables(env);
  if (typeof variables === "string") return { field: "env", fault: `“${variables}” is not NAME=value.` };
  if (input === "text" && text.length > MOST_TEXT)
    return { field: "input", fault: "Put a text of this length into a file." };
  if (input === "file" && !paths.includes(file)) return { field: "input", fault: `There is no file “${file}”.` };
  return {
    options: {
      ...(words.length === 0 ? {} : { args: words }),
      ...(Object.keys(variables).length === 0 ? {} : { env: variables }),
      ...(input === "text" ? { stdin: text } : input === "file" ? { stdinFile: file } : {}),
    },
  };
};

const INPUTS: readonly { readonly kind: InputKind; readonly label: string }[] = [
  { kind: "typed", label: "Typed in the output" },
  { kind: "text", label: "A text" },
  { kind: "file", label: "A file" },
];

const Form = ({ target, onClose }: { readonly target: RunTarget; readonly onClose: () => void }) => {
  const app = useApp();
  const id = useId();
  const key = keyOf(target.kind === "file" ? target : target.configuration);
  const { options } = app.runChoice.getState();
  const [fields, setFields] = useState(() => fieldsOf(options[key] ?? configured(target)));
  const [fault, setFault] = useState<Exclude<Read, { options: RunOptions }>>();
  const paths = filesOf(app.files.getState().entries)
    .map(({ path }) => path)
    .toSorted();
  const change = (changed: Partial<Fields>): void => {
    setFields({ ...fields, ...changed });
    setFault(undefined);
  };
  const keep = (): boolean => {
    const read = readFields(fields, paths);
    if ("fault" in read) {
      setFault(read);
      document.getElementById(`${id}-${read.field}`)?.focus();
      return false;
    }
    const others = Object.entries(options).filter(([name]) => name !== key);
    const isPlain = JSON.stringify(fieldsOf(read.options)) === JSON.stringify(fieldsOf(configured(target)));
    const kept = [...others, ...(isPlain ? [] : [[key, read.options] as const])].slice(-MOST_KEPT);
    app.runChoice.setState({ options: Object.fromEntries(kept) });
    return true;
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!keep()) return;
    onClose();
    run(app);
  };
  const invalid = (field: "args" | "env" | "input") =>
    fault?.field === field ? { "aria-invalid": true, "aria-describedby": `${id}-fault` } : {};
  const said = (field: "args" | "env" | "input") =>
    fault?.field === field && (
      <span id={`${id}-fault`} className="field-error" role="alert">
        {fault.fault}
      </span>
    );
  return (
    <form className="dialog-form run-options" onSubmit={submit}>
      <p className="dialog-note">
        For <b>{targetName(target)}</b>, for you in this project.
      </p>
      <div className="run-option">
        <label htmlFor={`${id}-args`}>Arguments</label>
        <input
          id={`${id}-args`}
          className="input run-code"
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          placeholder="--verbose 'two words'"
          value={fields.args}
          onChange={(event) => change({ args: event.target.value })}
          {...invalid("args")}
        />
        {said("args")}
      </div>
      <div className="run-option">
        <label htmlFor={`${id}-env`}>Environment variables, one a line</label>
        <textarea
          id={`${id}-env`}
          className="input run-code"
          rows={3}
          spellCheck={false}
          autoCapitalize="off"
          placeholder="NAME=value"
          value={fields.env}
          onChange={(event) => change({ env: event.target.value })}
          {...invalid("env")}
        />
        {said("env")}
      </div>
      <fieldset className="run-option">
        <legend>Input</legend>
        <div className="run-inputs">
          {INPUTS.map(({ kind, label }) => (
            <label key={kind} className="run-input">
              <input
                type="radio"
                name={`${id}-input`}
                checked={fields.input === kind}
                onChange={() => change({ input: kind })}
              />
              {label}
            </label>
          ))}
        </div>
        {fields.input === "text" && (
          <textarea
            id={`${id}-input`}
            className="input run-code"
            aria-label="The input"
            rows={4}
            spellCheck={false}
            value={fields.text}
            onChange={(event) => change({ text: event.target.value })}
            {...invalid("input")}
          />
        )}
        {fields.input === "file" && (
          <>
            <input
              id={`${id}-input`}
              className="input run-code"
              aria-label="The file with the input"
              list={`${id}-paths`}
              spellCheck={false}
              autoCapitalize="off"
              autoComplete="off"
              value={fields.file}
              onChange={(event) => change({ file: event.target.value })}
              {...invalid("input")}
            />
            <datalist id={`${id}-paths`}>
              {paths.map((path) => (
                <option key={path}>{path}</option>
              ))}
            </datalist>
          </>
        )}
        {said("input")}
      </fieldset>
      <div className="run-actions">
        <button
          type="button"
          className="button"
          onClick={() => {
            if (keep()) onClose();
          }}
        >
          Keep
        </button>
        <button className="button button-primary">Run</button>
      </div>
    </form>
  );
};

export const RunOptionsDialog = ({ onClose }: { readonly onClose: () => void }) => {
  const app = useApp();
  const [target] = useState(() => targetOf(app));
  return (
    <Dialog title="Arguments, variables and input" onClose={onClose}>
      {target ? <Form target={target} onClose={onClose} /> : <p>Nothing here can run yet.</p>}
    </Dialog>
  );
};
