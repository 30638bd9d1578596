/** Starts a worker whose script may come from another origin, as the page's assets do under ASSET_BASE_URL. */

/**
 * A browser starts workers only from the page's own origin, but lets such a worker import modules from anywhere that
 * allows it: a script from elsewhere is imported by one that the page makes itself.
 */
export const startModuleWorker = (address: string, name: string): Worker => {
  const url = new URL(address, location.href);
  if (url.origin === location.origin) return new Worker(url, { type: "module", name });
  const source = URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)};`], { type: "text/javascript" }));
  const worker = new Worker(source, { type: "module", name });
  // The worker keeps what it has fetched; the address is given back once it has started.
  worker.addEventListener("message", () => URL.revokeObjectURL(source), { once: true });
  return worker;
};
