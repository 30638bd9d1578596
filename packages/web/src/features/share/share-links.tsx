/** Makes, copies, lists and revokes share links; only the owner sees this. */
import { type GrantedRole, type Member, type Project, routes, type ShareLink } from "@atelier/contracts";
import { Check, Copy, Eye, Link2, Pencil, Trash2 } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Call } from "../../app/api.ts";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { announce } from "../../design/announce.ts";
import { ConfirmRow } from "./confirm-row.tsx";
import { EXPIRIES, expiryIn, linkFacts, peopleBy, peopleCount, ROLE_WORDS, shareAddress } from "./share-words.ts";
import { useResource } from "./use-resource.ts";

const COPIED_MS = 2000;

const createLink = (call: Call, projectId: string, wanted: { role: GrantedRole; days: number }): Promise<ShareLink> => {
  const expiresAt = expiryIn(wanted.days, Date.now());
  const body = expiresAt === undefined ? { role: wanted.role } : { role: wanted.role, expiresAt };
  return call(routes.createLink, { params: { projectId }, body });
};

const NewLink = ({ url }: { readonly url: string }) => {
  const [isCopied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(url);
      setCopied(true);
      announce("Link copied");
      setTimeout(() => setCopied(false), COPIED_MS);
    } catch {
      // Without the right to the clipboard (plain http on a network) the link is selected, for Ctrl+C.
      field.current?.select();
    }
  };
  useEffect(() => field.current?.select(), [url]);
  return (
    <div className="new-link">
      <div className="new-link-row">
        <input
          ref={field}
          className="input"
          readOnly
          aria-label="The new link"
          value={url}
          onFocus={(event) => event.target.select()}
        />
        <button className="button" onClick={() => void copy()}>
          {isCopied ? <Check size={14} /> : <Copy size={14} />} {isCopied ? "Copied" : "Copy"}
        </button>
      </div>
      <p className="dialog-note">
        Copy it now: it is not shown again. Whoever has it joins at once, without an account.
      </p>
    </div>
  );
};

type LinkRowProps = {
  readonly link: ShareLink;
  readonly people: number;
  readonly nowMs: number;
  readonly onRevoke: () => void;
};

const LinkRow = ({ link, people, nowMs, onRevoke }: LinkRowProps) => {
  const [isAsking, setAsking] = useState(false);
  const Icon = link.role === "editor" ? Pencil : Eye;
  const facts = linkFacts(link, { people, nowMs });
  if (isAsking) {
    return (
      <ConfirmRow
        question={`${peopleCount(people)} will lose access.`}
        verb="Revoke"
        onConfirm={onRevoke}
        onKeep={() => setAsking(false)}
      />
    );
  }
  return (
    <li className="share-row">
      <Icon size={15} aria-hidden />
      <span className="share-row-name">
        Anyone with the link <b>{ROLE_WORDS[link.role]}</b>
      </span>
      <span className="share-row-fact">{facts}</span>
      <button
        className="icon-button"
        aria-label={`Revoke the link that ${ROLE_WORDS[link.role]}${facts === "" ? "" : `, ${facts}`}`}
        title="Revoke"
        // Nobody came by it: nobody is asked about.
        onClick={() => (people > 0 ? setAsking(true) : onRevoke())}
      >
        <Trash2 size={15} />
      </button>
    </li>
  );
};

export type ShareLinksProps = {
  readonly project: Project;
  readonly members: readonly Member[];
  /** A revoked link takes people with it. */
  readonly onRevoked: () => void;
};

export const ShareLinks = ({ project, members, onRevoked }: ShareLinksProps) => {
  const { boot, call } = useApp();
  const [role, setRole] = useState<GrantedRole>("editor");
  const [days, setDays] = useState(0);
  const [made, setMade] = useState<{ id: string; url: string }>();
  const [error, setError] = useState<unknown>();
  const [nowMs] = useState(() => Date.now());
  const list = useRef<HTMLUListElement>(null);
  const params = { projectId: project.id };
  const load = useCallback(() => call(routes.listLinks, { params: { projectId: project.id } }), [call, project.id]);
  const links = useResource(load);

  const guarded = (act: () => Promise<void>): void => {
    setError(undefined);
    act().then(links.reload, setError);
  };
  const create = async (): Promise<void> => {
    const link = await createLink(call, project.id, { role, days });
    setMade({ id: link.id, url: shareAddress(link, { origin: location.origin, basePath: boot.basePath }) });
  };
  const revoke = async (id: string): Promise<void> => {
    await call(routes.deleteLink, { params: { ...params, id } });
    setMade((now) => (now?.id === id ? undefined : now));
    list.current?.focus();
    announce("Link revoked");
    onRevoked();
  };

  const shown = links.value?.links ?? [];
  return (
    <section className="share-section">
      <div className="share-create">
        <select
          className="select"
          aria-label="What the link allows"
          value={role}
          onChange={(event) => setRole(event.target.value as GrantedRole)}
        >
          <option value="editor">Can edit</option>
          <option value="viewer">Can view</option>
        </select>
        <select
          className="select"
          aria-label="How long the link lets people in"
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
        >
          {EXPIRIES.map((expiry) => (
            <option key={expiry.days} value={expiry.days}>
              {expiry.label}
            </option>
          ))}
        </select>
        <button className="button button-primary" onClick={() => guarded(create)}>
          <Link2 size={15} aria-hidden /> Create link
        </button>
      </div>
      {made && <NewLink url={made.url} />}
      {(error !== undefined || links.error !== undefined) && (
        <p className="dialog-error" role="alert">
          {errorText(error ?? links.error)}
        </p>
      )}
      {shown.length > 0 && (
        <ul ref={list} className="share-list" aria-label="Links" tabIndex={-1}>
          {shown.map((link) => (
            <LinkRow
              key={link.id}
              link={link}
              people={peopleBy(link, members)}
              nowMs={nowMs}
              onRevoke={() => guarded(() => revoke(link.id))}
            />
          ))}
        </ul>
      )}
      {links.value && shown.length === 0 && !made && (
        <p className="dialog-note">Whoever has a link joins at once, without an account.</p>
      )}
    </section>
  );
};
