/** The page's entry. */
import "./design/tokens.css";
import "./design/base.css";
import "./design/controls.css";
import "./design/shell.css";
import "./design/touch.css";
import { startApp } from "./app/start-app.tsx";

startApp();
