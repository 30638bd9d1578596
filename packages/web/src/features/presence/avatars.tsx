/** Who else is here: initials, a colour, the name and the file; a click follows. */
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { nameOf } from "../files/entries.ts";
import { setFollowing } from "./follow.ts";
import { initialsOf } from "./person-color.ts";
import { othersOf, type Person } from "./presence-store.ts";
import "./presence.css";

const MOST_SHOWN = 4;

const Avatar = ({ person }: { readonly person: Person }) => {
  const app = useApp();
  const isFollowed = useStore(app.presence, ({ following }) => following === person.id);
  const path = useStore(app.files, ({ entries }) => entries.get(person.fileId ?? "")?.path);
  const where = path === undefined ? "" : `, in ${nameOf(path)}`;
  const role = person.role === "viewer" ? ", viewing" : "";
  const label = `${person.name}${where}${role}. ${isFollowed ? "Stop following" : "Follow"}`;
  return (
    <li>
      <button
        className="avatar"
        style={{ backgroundColor: person.color }}
        aria-pressed={isFollowed}
        aria-label={label}
        title={label}
        onClick={() => setFollowing(app, isFollowed ? undefined : person.id)}
      >
        <span className="initials" data-initials={initialsOf(person.name)} aria-hidden />
      </button>
    </li>
  );
};

export const Avatars = () => {
  const app = useApp();
  const all = useStore(app.presence, (presence) => presence.all);
  const session = useStore(app.session.store);
  const isStranger = useStore(app.signInNotice, ({ kind }) => kind !== "none");
  const others = othersOf(all, session.kind === "signed-in" ? session.user : undefined);
  // What was heard as somebody else is not true any more, least of all about that somebody.
  if (others.length === 0 || isStranger) return null;
  const rest = others.slice(MOST_SHOWN);
  return (
    <ul className="avatars" aria-label="People here">
      {others.slice(0, MOST_SHOWN).map((person) => (
        <Avatar key={person.id} person={person} />
      ))}
      {rest.length > 0 && (
        <li className="avatar-rest" title={rest.map(({ name }) => name).join(", ")}>
          +{rest.length}
        </li>
      )}
    </ul>
  );
};

/** The frame around the editor while it follows somebody. */
export const FollowFrame = () => {
  const app = useApp();
  const { all, following } = useStore(app.presence);
  const person = othersOf(all, app.session.user()).find(({ id }) => id === following);
  if (!person) return null;
  return (
    <div className="follow-frame" style={{ borderColor: person.color }}>
      <button
        className="follow-label"
        style={{ backgroundColor: person.color }}
        onClick={() => setFollowing(app, undefined)}
      >
        Following {person.name} · Esc stops
      </button>
    </div>
  );
};
