/** The icon of a file by its name: two letters in a colour for programs, a symbol for others. */
import { LANGUAGE_BADGES } from "virtual:languages/badges";
import type { Badge } from "@atelier/contracts/language-declaration";
import { Braces, File, FileText, Folder, FolderOpen, Image } from "lucide-react";

/** Of files that no language here runs. Hues are tokens of their own: legible on both themes' surfaces. */
const BADGES: Readonly<Record<string, Badge>> = {
  css: { letters: "Cs", hue: "magenta" },
  html: { letters: "Ht", hue: "red" },
  ...LANGUAGE_BADGES,
};
const IMAGES = /\.(?:png|jpe?g|gif|webp|svg|ico)$/iu;
const TEXTS = /\.(?:md|txt|rst)$/iu;
const DATA = /\.(?:json|ya?ml|toml|xml|csv)$/iu;

export const FileIcon = ({ path }: { readonly path: string }) => {
  const badge = BADGES[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
  if (badge) {
    return (
      <span
        className="file-badge"
        style={{ color: `var(--terminal-${badge.hue})` }}
        data-letters={badge.letters}
        aria-hidden
      />
    );
  }
  const Icon = IMAGES.test(path) ? Image : TEXTS.test(path) ? FileText : DATA.test(path) ? Braces : File;
  return <Icon className="file-icon" size={15} strokeWidth={1.75} aria-hidden />;
};

export const FolderIcon = ({ isExpanded }: { readonly isExpanded: boolean }) => {
  const Icon = isExpanded ? FolderOpen : Folder;
  return <Icon className="file-icon" size={15} strokeWidth={1.75} aria-hidden />;
};
