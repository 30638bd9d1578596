/** The shape of code that is on its way: shown late, since most of it is here sooner than a word could be read. */
import { useEffect, useState } from "react";
import "./file-cover.css";

const PATIENCE_MS = 250;
const LINE_WIDTHS = [46, 62, 30, 0, 54, 71, 38];

/** `words` say it to who can't see it. */
export const CodeSkeleton = ({ words }: { readonly words: string }) => {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!isLate) return null;
  return (
    <output className="code-skeleton">
      <span className="visually-hidden">{words}</span>
      {LINE_WIDTHS.map((width, index) => (
        <i key={index} style={{ width: `${width}%` }} />
      ))}
    </output>
  );
};
