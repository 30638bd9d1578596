/** The error that says: this host cannot give a sandbox of this tier, now. */

/** Thrown by `boot` when no sandbox could be made. `message` is a sentence for an operator. */
export class SandboxUnavailable extends Error {
  override readonly name = "SandboxUnavailable";
}
