/** The members of a project and their roles; the owner changes roles and removes members, others may leave. */
import { type GrantedRole, type Member, type Project, routes } from "@atelier/contracts";
import { LogOut, UserMinus } from "lucide-react";
import { useRef, useState } from "react";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { announce } from "../../design/announce.ts";
import { initialsOf, personColor } from "../presence/person-color.ts";
import { ConfirmRow } from "./confirm-row.tsx";
import type { Resource } from "./use-resource.ts";

const ROLE_NAMES: Readonly<Record<Member["role"], string>> = { owner: "Owner", editor: "Can edit", viewer: "Can view" };

type MemberRowProps = {
  readonly member: Member;
  readonly isMe: boolean;
  readonly canManage: boolean;
  readonly onRole: (role: GrantedRole) => void;
  readonly onRemove: () => void;
};

const MemberRow = ({ member, isMe, canManage, onRole, onRemove }: MemberRowProps) => {
  const [isAsking, setAsking] = useState(false);
  const isOwner = member.role === "owner";
  if (isAsking) {
    return (
      <ConfirmRow
        question={isMe ? "You will lose access to this project." : `${member.name} will lose access.`}
        verb={isMe ? "Leave" : "Remove"}
        onConfirm={onRemove}
        onKeep={() => setAsking(false)}
      />
    );
  }
  const leaving = isMe ? "Leave this project" : `Remove ${member.name}`;
  return (
    <li className="share-row">
      <span className="avatar" style={{ backgroundColor: personColor(member.userId) }} aria-hidden>
        <span className="initials" data-initials={initialsOf(member.name)} />
      </span>
      <span className="share-row-name" title={member.name}>
        {member.name}
        {isMe && <span className="share-row-fact"> (you)</span>}
      </span>
      {isOwner || !canManage ? (
        <span className="share-row-fact">{ROLE_NAMES[member.role]}</span>
      ) : (
        <select
          className="select"
          aria-label={`What ${member.name} may do`}
          value={member.role}
          onChange={(event) => onRole(event.target.value as GrantedRole)}
        >
          <option value="editor">Can edit</option>
          <option value="viewer">Can view</option>
        </select>
      )}
      {!isOwner && (canManage || isMe) && (
        <button className="icon-button" aria-label={leaving} title={leaving} onClick={() => setAsking(true)}>
          {isMe ? <LogOut size={15} /> : <UserMinus size={15} />}
        </button>
      )}
    </li>
  );
};

export type ShareMembersProps = {
  readonly project: Project;
  readonly members: Resource<{ members: Member[] }>;
};

export const ShareMembers = ({ project, members }: ShareMembersProps) => {
  const { boot, call, session } = useApp();
  const [error, setError] = useState<unknown>();
  const listElement = useRef<HTMLUListElement>(null);
  const me = session.user()?.id;
  const list = members.value?.members ?? [];

  const changeRole = (member: Member) => (role: GrantedRole) => {
    setError(undefined);
    members.replace({ members: list.map((other) => (other === member ? { ...member, role } : other)) });
    call(routes.putMember, { params: { projectId: project.id, userId: member.userId }, body: { role } })
      .catch(setError)
      .finally(members.reload);
  };
  const remove = (member: Member) => (): void => {
    setError(undefined);
    call(routes.deleteMember, { params: { projectId: project.id, userId: member.userId } })
      .then(() => {
        if (member.userId === me) {
          location.assign(`${boot.basePath}/`);
          return;
        }
        listElement.current?.focus();
        announce(`${member.name} was removed`);
      })
      .catch(setError)
      .finally(members.reload);
  };
  return (
    <section className="share-section">
      <h3 className="field-label">People</h3>
      {(error !== undefined || members.error !== undefined) && (
        <p className="dialog-error" role="alert">
          {errorText(error ?? members.error)}
        </p>
      )}
      <ul ref={listElement} className="share-list" aria-label="People" aria-busy={!members.value} tabIndex={-1}>
        {list.map((member) => (
          <MemberRow
            key={member.userId}
            member={member}
            isMe={member.userId === me}
            canManage={project.role === "owner"}
            onRole={changeRole(member)}
            onRemove={remove(member)}
          />
        ))}
      </ul>
    </section>
  );
};
