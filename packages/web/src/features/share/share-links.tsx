/** The project's share links, one row per role: create, copy at any time, revoke. Only the owner sees this. */
import { type GrantedRole, type Project, routes, type ShareLink } from "@atelier/contracts";
import { Check, Copy, Eye, Link2, Pencil, Trash2 } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Call } from "../../app/api.ts";
import { copyText } from "../../app/clipboard.ts";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { announce } from "../../design/announce.ts";
import { ConfirmRow } from "./confirm-row.tsx";
import { EXPIRIES, expiryIn, linkFacts, linksByRole, revokeWords, ROLE_WORDS, shareAddress } from "./share-words.ts";
import { useResource } from "./use-resource.ts";

const COPIED_MS = 2000;

const createLink = (call: Call, projectId: string, wanted: { role: GrantedRole; days: number }): Promise<ShareLink> => {
  const expiresAt = expiryIn(wanted.days, Date.now());
  const body = expiresAt === undefined ? { role: wanted.role } : { role: wanted.role, expiresAt };
  return call(routes.createLink, { params: { projectId }, body });
};

/** The link's address, selected by a click, with a button that copies it. */
const Address = ({ url, name }: { readonly url: string; readonly name: string }) => {
  const [isCopied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async (): Promise<void> => {
    const done = await copyText(url);
    setCopied(done);
    if (done) announce("Link copied");
    else field.current?.select();
  };
  return (
    <div className="link-address">
      <input
        ref={field}
        className="input"
        readOnly
        aria-label={name}
        value={url}
        onFocus={(event) => event.target.select()}
      />
      <button className="button" onClick={() => void copy()}>
        {isCopied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />} {isCopied ? "Copied" : "Copy"}
        <span className="visually-hidden"> {name}</span>
      </button>
    </div>
  );
};

type LinkProps = {
  readonly link: ShareLink;
  /** A further link of a role, which the row does not copy. */
  readonly isOlder: boolean;
  readonly nowMs: number;
  readonly onRevoke: () => void;
};

const Link = ({ link, isOlder, nowMs, onRevoke }: LinkProps) => {
  const { boot } = useApp();
  const [isAsking, setAsking] = useState(false);
  const Icon = link.role === "editor" ? Pencil : Eye;
  const facts = linkFacts(link, { nowMs, isOlder });
  const name = `${isOlder ? "older link" : "link"} that ${ROLE_WORDS[link.role]}`;
  if (isAsking) {
    return (
      <ConfirmRow
        question={revokeWords(name, link.people)}
        verb="Revoke"
        onConfirm={onRevoke}
        onKeep={() => setAsking(false)}
      />
    );
  }
  const page = { origin: location.origin, basePath: boot.basePath };
  return (
    <li className="link-row">
      <div className="share-row">
        <Icon size={15} aria-hidden />
        <span className="share-row-name">
          Anyone with {isOlder ? "an older" : "the"} link <b>{ROLE_WORDS[link.role]}</b>
        </span>
        <span className="share-row-fact">{facts}</span>
        <button
          className="icon-button"
          aria-label={`Revoke the ${name}${facts === "" ? "" : `, ${facts}`}`}
          title="Revoke"
          onClick={() => setAsking(true)}
        >
          <Trash2 size={15} />
        </button>
      </div>
      {link.url === null ? (
        <p className="share-row-fact">
          It works, but its address was not kept. Revoke it to make one that can be copied here.
        </p>
      ) : (
        <Address url={shareAddress(link, page)} name={name} />
      )}
    </li>
  );
};

type NoLinkProps = {
  readonly role: GrantedRole;
  readonly onCreate: (days: number) => void;
};

const NoLink = ({ role, onCreate }: NoLinkProps) => {
  const [days, setDays] = useState(0);
  const Icon = role === "editor" ? Pencil : Eye;
  const what = `that ${ROLE_WORDS[role]}`;
  return (
    <li className="link-row">
      <div className="share-row link-making-row">
        <Icon size={15} aria-hidden />
        <span className="share-row-name">
          A link {what.replace(ROLE_WORDS[role], "")}
          <b>{ROLE_WORDS[role]}</b>
        </span>
        <div className="link-making">
          <select
            className="select"
            aria-label={`How long the link ${what} lets people in`}
            value={days}
            onChange={(event) => setDays(Number(event.target.value))}
          >
            {EXPIRIES.map((expiry) => (
              <option key={expiry.days} value={expiry.days}>
                {expiry.label}
              </option>
            ))}
          </select>
          <button className="button" onClick={() => onCreate(days)}>
            <Link2 size={14} aria-hidden /> Create link<span className="visually-hidden"> {what}</span>
          </button>
        </div>
      </div>
    </li>
  );
};

export type ShareLinksProps = {
  readonly project: Project;
  /** Changes whenever a member joins or leaves, because links count them. */
  readonly present: string;
  /** Called after a link was revoked, because its members are removed as well. */
  readonly onRevoked: () => void;
};

export const ShareLinks = ({ project, present, onRevoked }: ShareLinksProps) => {
  const { call } = useApp();
  const [error, setError] = useState<unknown>();
  const [nowMs] = useState(() => Date.now());
  const list = useRef<HTMLUListElement>(null);
  const params = { projectId: project.id };
  const load = useCallback(() => call(routes.listLinks, { params: { projectId: project.id } }), [call, project.id]);
  const links = useResource(load);
  const { reload } = links;
  useEffect(reload, [present, reload]);

  const guarded = (act: () => Promise<void>): void => {
    setError(undefined);
    act().then(reload, setError);
  };
  const create = (role: GrantedRole) => (days: number) =>
    guarded(async () => {
      const made = await createLink(call, project.id, { role, days });
      links.replace({ links: [made, ...(links.value?.links ?? []).filter(({ id }) => id !== made.id)] });
      list.current?.focus();
      announce("Link created");
    });
  const revoke = (id: string) => () =>
    guarded(async () => {
      await call(routes.deleteLink, { params: { ...params, id } });
      list.current?.focus();
      announce("Link revoked");
      onRevoked();
    });
  return (
    <section className="share-section">
      <h3 className="field-label">Links</h3>
      {(error !== undefined || links.error !== undefined) && (
        <p className="dialog-error" role="alert">
          {errorText(error ?? links.error)}
        </p>
      )}
      <ul ref={list} className="share-list" aria-label="Links" aria-busy={!links.value} tabIndex={-1}>
        {links.value &&
          linksByRole(links.value.links, nowMs).map(({ role, link, others }) => [
            link ? (
              <Link key={link.id} link={link} isOlder={false} nowMs={nowMs} onRevoke={revoke(link.id)} />
            ) : (
              <NoLink key={role} role={role} onCreate={create(role)} />
            ),
            ...others.map((other) => (
              <Link key={other.id} link={other} isOlder nowMs={nowMs} onRevoke={revoke(other.id)} />
            )),
          ])}
      </ul>
      <p className="dialog-note">Anyone with a link joins at once, without an account.</p>
    </section>
  );
};
