/** Starting and stopping: constructors do no I/O, components start in order and stop in reverse, each with a deadline. */

/** A part of the server that is started and stopped: `start` may do I/O, disposal drains and releases. */
export interface Component {
  /** Shown in progress and in logs. */
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  /** Safe after a failed or missing start. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A component for a resource that only has to be released. */
export const releasing = (name: string, resource: AsyncDisposable): Component => ({
  name,
  start: async () => {},
  [Symbol.asyncDispose]: async () => resource[Symbol.asyncDispose](),
});

export type LifecycleOptions = {
  readonly stopDeadlineMs: number;
  /** Called for a component that failed to stop, or did not stop in time. */
  readonly onFault: (component: string, error: unknown) => void;
};

/** Starts components in order and stops the started ones in reverse order, also when a later start fails. */
export class Lifecycle {
  readonly #started: Component[] = [];
  readonly #options: LifecycleOptions;
  readonly #abort = new AbortController();
  #starting: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** Aborted as soon as stopping begins. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** @throws AbortError once stopping has begun. */
  async start(component: Component): Promise<void> {
    this.#abort.signal.throwIfAborted();
    this.#started.push(component);
    const starting = component.start(this.#abort.signal);
    this.#starting = starting.catch(() => undefined);
    await starting;
    this.#abort.signal.throwIfAborted();
  }

  /** Stops once, however often it is called. It waits for a pending start, so that all its resources are released. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#abort.abort();
    await withDeadline(this.#starting, this.#options.stopDeadlineMs).catch((error: unknown) =>
      this.#options.onFault(this.#started.at(-1)?.name ?? "start", error),
    );
    for (;;) {
      const component = this.#started.pop();
      if (component === undefined) return;
      try {
        await withDeadline(component[Symbol.asyncDispose](), this.#options.stopDeadlineMs);
      } catch (error) {
        this.#options.onFault(component.name, error);
      }
    }
  }
}

/** Rejects with a TimeoutError when the work takes longer; the work itself is not cancelled. */
export const withDeadline = async <T>(work: Promise<T>, deadlineMs: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DOMException(`not done after ${deadlineMs} ms`, "TimeoutError")), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
