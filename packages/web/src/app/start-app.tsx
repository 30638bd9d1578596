/** Mounts the shell into the static page. */
import { createRoot } from "react-dom/client";

export const startApp = (): void => {
  const host = document.querySelector("#app");
  if (host === null) throw new Error("index.html has no #app");
  createRoot(host).render(null);
};
