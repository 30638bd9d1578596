/** The other users in the project: initials, a colour, the name and the file; a click follows the user. */
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { nameOf } from "../files/entries.ts";
import { setFollowing } from "./follow.ts";
import { initialsOf } from "./person-color.ts";
import { othersOf, type Person } from "./presence-store.ts";
import "./presence.css";

/** On a wide page, and on a phone; presence.css shows one of the two counts of those who are left. */
const MOST_SHOWN = { wide: 4, narrow: 2 } as const;

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

const Rest = ({ width, people }: { readonly width: string; readonly people: readonly Person[] }) => {
  if (people.length === 0) return null;
  return (
    <li className="avatar-rest" data-width={width} title={people.map(({ name }) => name).join(", ")}>
      +{people.length}
    </li>
  );
};

export const Avatars = () => {
  const app = useApp();
  const all = useStore(app.presence, (presence) => presence.all);
  const session = useStore(app.session.store);
  const isStranger = useStore(app.signInNotice, ({ kind }) => kind !== "none");
  const others = othersOf(all, session.kind === "signed-in" ? session.user : undefined);
  // After a change of the signed-in user the list is outdated, and contains that user.
  if (others.length === 0 || isStranger) return null;
  return (
    <ul className="avatars" aria-label="People here">
      {others.slice(0, MOST_SHOWN.wide).map((person) => (
        <Avatar key={person.id} person={person} />
      ))}
      {Object.entries(MOST_SHOWN).map(([width, most]) => (
        <Rest key={width} width={width} people={others.slice(most)} />
      ))}
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
        Following {person.name} · <span className="follow-key">Esc stops</span>
        <span className="follow-tap">tap to stop</span>
      </button>
    </div>
  );
};
