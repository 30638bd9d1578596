/** The settings as a form: each change is in effect at once, and saved by itself. */
import {
  isSettingValue,
  PAGE_SETTINGS,
  type PageSettings,
  type SettingDefinition,
  type SettingName,
} from "@atelier/contracts";
import { useId, useState } from "react";
import { useStore } from "zustand";
import { Dialog } from "../../design/dialog.tsx";
import { useApp } from "../services.ts";
import "./settings-dialog.css";
import { changeSetting, resetSettings } from "./settings-store.ts";
import { SETTING_GROUPS, SETTING_WORDS } from "./setting-words.ts";

type FieldProps<K extends SettingDefinition["kind"]> = {
  readonly id: string;
  readonly name: SettingName;
  readonly definition: Extract<SettingDefinition, { kind: K }>;
  readonly value: PageSettings[SettingName];
  readonly onChange: (value: PageSettings[SettingName]) => void;
};

const Choice = ({ id, name, definition, value, onChange }: FieldProps<"choice">) => (
  <select id={id} className="select" value={String(value)} onChange={(event) => onChange(event.target.value)}>
    {definition.options.map((option) => (
      <option key={option} value={option}>
        {SETTING_WORDS[name].options?.[option] ?? option}
      </option>
    ))}
  </select>
);

const Toggle = ({ id, value, onChange }: FieldProps<"toggle">) => (
  <input
    id={id}
    type="checkbox"
    role="switch"
    aria-checked={value === true}
    className="switch"
    checked={value === true}
    onChange={(event) => onChange(event.target.checked)}
  />
);

/** A number or a line: what is not valid yet stays in the field and is said, and the setting keeps its value. */
const Typed = ({ id, name, definition, value, onChange }: FieldProps<"number" | "line">) => {
  const [text, setText] = useState(String(value));
  const isNumber = definition.kind === "number";
  const read = (typed: string): unknown => (isNumber ? (typed === "" ? undefined : Number(typed)) : typed);
  const isValid = isSettingValue(name, read(text));
  const limits = isNumber ? { min: definition.least, max: definition.most, step: definition.step } : {};
  return (
    <span className="setting-typed">
      <input
        id={id}
        className="input"
        type={isNumber ? "number" : "text"}
        {...limits}
        value={text}
        placeholder={SETTING_WORDS[name].placeholder}
        spellCheck={false}
        aria-invalid={!isValid}
        aria-describedby={isValid ? undefined : `${id}-fault`}
        onChange={(event) => {
          setText(event.target.value);
          const typed = read(event.target.value);
          if (isSettingValue(name, typed)) onChange(typed as PageSettings[SettingName]);
        }}
      />
      {!isValid && (
        <span id={`${id}-fault`} className="field-error">
          {isNumber ? `From ${definition.least} to ${definition.most}` : "A font's name has no quotes"}
        </span>
      )}
    </span>
  );
};

const Field = (props: FieldProps<SettingDefinition["kind"]>) => {
  const { definition } = props;
  if (definition.kind === "toggle") return <Toggle {...props} definition={definition} />;
  if (definition.kind === "choice") return <Choice {...props} definition={definition} />;
  return <Typed {...props} definition={definition} />;
};

const Row = ({ name }: { readonly name: SettingName }) => {
  const { settings } = useApp();
  const id = useId();
  const value = useStore(settings, ({ values }) => values[name]);
  const { title, text } = SETTING_WORDS[name];
  return (
    <div className="setting">
      <label htmlFor={id}>
        {title}
        {text !== undefined && <span className="setting-text">{text}</span>}
      </label>
      <Field
        id={id}
        name={name}
        definition={PAGE_SETTINGS[name]}
        value={value}
        onChange={(next) => changeSetting(settings, name, next as never)}
      />
    </div>
  );
};

const isFirst = (values: PageSettings): boolean =>
  (Object.keys(PAGE_SETTINGS) as SettingName[]).every((name) => values[name] === PAGE_SETTINGS[name].first);

export const SettingsDialog = ({ onClose }: { readonly onClose: () => void }) => {
  const { settings } = useApp();
  const canReset = useStore(settings, ({ values }) => !isFirst(values));
  // The fields keep what is typed; after a reset they are made anew.
  const [turn, setTurn] = useState(0);
  return (
    <Dialog title="Settings" onClose={onClose}>
      <div key={turn} className="settings">
        {SETTING_GROUPS.map(({ title, names }) => (
          <fieldset key={title} className="setting-group">
            <legend>{title}</legend>
            {names.map((name) => (
              <Row key={name} name={name} />
            ))}
          </fieldset>
        ))}
      </div>
      <p className="dialog-note settings-end">
        <span>Changes are saved by themselves, for all of your projects.</span>
        {canReset && (
          <button
            className="link-button"
            onClick={() => {
              resetSettings(settings);
              setTurn(turn + 1);
            }}
          >
            Reset all
          </button>
        )}
      </p>
    </Dialog>
  );
};
