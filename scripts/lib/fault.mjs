// A reason to stop that a person can act on: shown as it is, without a stack trace.

/** `message` says what is wrong; `hint`, one copyable command or setting, says what to do; `detail` is a failed command's output. */
export class SetupFault extends Error {
  constructor(message, { hint, detail } = {}) {
    super(message);
    this.name = "SetupFault";
    this.hint = hint;
    this.detail = detail;
  }
}

/** Prints a fault to stderr, or a whole stack where it is a mistake of ours. */
export function report(error) {
  if (!(error instanceof SetupFault)) {
    console.error(error);
    return;
  }
  if (error.detail) console.error(`\n${error.detail.trimEnd()}\n`);
  console.error(`atelier: ${error.message}`);
  if (error.hint) console.error(`  ${error.hint}`);
}
