/** The page's entry: reads the boot JSON and puts the shell over the static page. */
import "./design/tokens.css";
import { startApp } from "./app/start-app.tsx";

startApp();
