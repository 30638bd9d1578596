/** The WebSocket class of the edge: closing a paused socket resumes it, so that the peer's close frame is read; pauses are known. */
import { WebSocket } from "ws";

/** Like the socket of `ws`, but `close` also resumes. For frames that still arrive `readyState` is CLOSING. */
export class ServerSocket extends WebSocket {
  #wasPaused = false;

  override pause(): void {
    super.pause();
    this.#wasPaused = true;
  }

  /** Whether it was paused at any time since the last call: then an answer may be unread. */
  takePaused(): boolean {
    const was = this.#wasPaused;
    this.#wasPaused = this.isPaused;
    return was;
  }

  override close(code?: number, data?: string | Buffer): void {
    super.close(code, data);
    if (this.isPaused) this.resume();
  }
}
