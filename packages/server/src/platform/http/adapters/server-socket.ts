/** The WebSocket class of the edge: closing a paused socket resumes it, so that the peer's close frame is read; it records pauses. */
import { WebSocket } from "ws";

/** Like the socket of `ws`, but `close` also resumes it. Frames that arrive afterwards find `readyState` CLOSING. */
export class ServerSocket extends WebSocket {
  #wasPaused = false;

  override pause(): void {
    super.pause();
    this.#wasPaused = true;
  }

  /** Whether the socket was paused at any time since the last call: then a pong may be unread. */
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
