/** The people of a project and what each may do. */
import { type Member, type Project, routes } from "@atelier/contracts";
import { useCallback, useState } from "react";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { initialsOf, personColor } from "../presence/person-color.ts";
import { useResource } from "./use-resource.ts";

const ROLE_NAMES: Readonly<Record<Member["role"], string>> = { owner: "Owner", editor: "Can edit", viewer: "Can view" };

type MemberRowProps = {
  readonly member: Member;
  readonly isMe: boolean;
  readonly canManage: boolean;
  readonly onChange: (value: "editor" | "viewer" | "remove") => void;
};

const MemberRow = ({ member, isMe, canManage, onChange }: MemberRowProps) => (
  <li className="share-row">
    <span className="avatar" style={{ backgroundColor: personColor(member.userId) }} aria-hidden>
      <span className="initials" data-initials={initialsOf(member.name)} />
    </span>
    <span className="share-row-name">
      {member.name}
      {isMe && <span className="share-row-fact"> (you)</span>}
    </span>
    {member.role === "owner" || !canManage ? (
      <span className="share-row-fact">{ROLE_NAMES[member.role]}</span>
    ) : (
      <select
        className="select"
        aria-label={`What ${member.name} may do`}
        value={member.role}
        onChange={(event) => onChange(event.target.value as "editor" | "viewer" | "remove")}
      >
        <option value="editor">Can edit</option>
        <option value="viewer">Can view</option>
        <option value="remove">Remove</option>
      </select>
    )}
  </li>
);

export const ShareMembers = ({ project }: { readonly project: Project }) => {
  const { call, session } = useApp();
  const [error, setError] = useState<unknown>();
  const load = useCallback(() => call(routes.listMembers, { params: { projectId: project.id } }), [call, project.id]);
  const members = useResource(load);
  const change = (member: Member) => (value: "editor" | "viewer" | "remove") => {
    setError(undefined);
    const params = { projectId: project.id, userId: member.userId };
    const sent: Promise<unknown> =
      value === "remove"
        ? call(routes.deleteMember, { params })
        : call(routes.putMember, { params, body: { role: value } });
    sent.then(members.reload, setError);
  };
  const list = members.value?.members ?? [];
  return (
    <section className="share-section">
      <h3 className="field-label">People</h3>
      {(error !== undefined || members.error !== undefined) && (
        <p className="dialog-error" role="alert">
          {errorText(error ?? members.error)}
        </p>
      )}
      <ul className="share-list">
        {list.map((member) => (
          <MemberRow
            key={member.userId}
            member={member}
            isMe={member.userId === session.user()?.id}
            canManage={project.role === "owner"}
            onChange={change(member)}
          />
        ))}
      </ul>
    </section>
  );
};
