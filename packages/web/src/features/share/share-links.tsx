/** Makes, copies, lists and revokes share links. */
import { type GrantedRole, type Project, routes, type ShareLink } from "@atelier/contracts";
import { Check, Copy, Eye, Link2, Pencil, Trash2 } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { announce } from "../../design/announce.ts";
import { useResource } from "./use-resource.ts";

const COPIED_MS = 2000;
const ROLE_WORDS: Readonly<Record<GrantedRole, string>> = { editor: "can edit", viewer: "can view" };

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
  );
};

const LinkRow = ({ link, onRevoke }: { readonly link: ShareLink; readonly onRevoke: () => void }) => {
  const Icon = link.role === "editor" ? Pencil : Eye;
  const made = new Date(link.createdAt).toLocaleDateString(undefined, { day: "numeric", month: "short" });
  const name = `Link that ${ROLE_WORDS[link.role]}, made ${made}`;
  return (
    <li className="share-row">
      <Icon size={15} aria-hidden />
      <span className="share-row-name">
        Anyone with the link <b>{ROLE_WORDS[link.role]}</b>
      </span>
      <span className="share-row-fact">{made}</span>
      <button className="icon-button" aria-label={`Revoke: ${name}`} title="Revoke" onClick={onRevoke}>
        <Trash2 size={15} />
      </button>
    </li>
  );
};

export const ShareLinks = ({ project }: { readonly project: Project }) => {
  const { boot, call } = useApp();
  const [role, setRole] = useState<GrantedRole>("editor");
  const [made, setMade] = useState<{ id: string; url: string }>();
  const [error, setError] = useState<unknown>();
  const params = { projectId: project.id };
  const load = useCallback(() => call(routes.listLinks, { params: { projectId: project.id } }), [call, project.id]);
  const links = useResource(load);

  const guarded = (act: () => Promise<void>) => (): void => {
    setError(undefined);
    act().then(links.reload, setError);
  };
  const create = guarded(async () => {
    const link = await call(routes.createLink, { params, body: { role } });
    setMade({ id: link.id, url: link.url ?? new URL(`${boot.basePath}/s/${link.token}`, location.origin).href });
  });
  const revoke = (id: string) =>
    guarded(async () => {
      await call(routes.deleteLink, { params: { ...params, id } });
      setMade((now) => (now?.id === id ? undefined : now));
    });

  const list = links.value?.links ?? [];
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
        <button className="button button-primary" onClick={create}>
          <Link2 size={15} aria-hidden /> Create link
        </button>
      </div>
      {made && <NewLink url={made.url} />}
      {(error !== undefined || links.error !== undefined) && (
        <p className="dialog-error" role="alert">
          {errorText(error ?? links.error)}
        </p>
      )}
      {list.length > 0 && (
        <ul className="share-list" aria-label="Links">
          {list.map((link) => (
            <LinkRow key={link.id} link={link} onRevoke={revoke(link.id)} />
          ))}
        </ul>
      )}
      {links.value && list.length === 0 && !made && (
        <p className="dialog-note">Whoever has a link joins at once, without an account.</p>
      )}
    </section>
  );
};
