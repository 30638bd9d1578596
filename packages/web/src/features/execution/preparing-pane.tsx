/** In place of output: the software of a language is being installed on the server, and how far that is. */
import type { Execution } from "@atelier/contracts";
import "./preparing-pane.css";

export const PreparingPane = ({ image }: { readonly image: NonNullable<Execution["image"]> }) => (
  <div className="empty-pane preparing-pane">
    <h2>Preparing {image.language}</h2>
    <progress max={100} value={image.percent} aria-label={`Preparing ${image.language}`} />
    <p className="preparing-step">
      <span>{image.step}</span>
      <span>{image.percent} %</span>
    </p>
    <p>Only the first program in a language waits for this. Yours starts by itself.</p>
  </div>
);
