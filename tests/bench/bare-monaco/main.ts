/** The yardstick of the page benchmarks: Monaco as its package gives it, and nothing else. */
import * as monaco from "monaco-editor";
import EditorWorker from "monaco-editor/editor/editor.worker?worker";

self.MonacoEnvironment = { getWorker: () => new EditorWorker() };
const host = document.getElementById("editor");
if (host === null) throw new Error("no element for the editor");
const editor = monaco.editor.create(host, {
  value: 'print("hello")\n',
  language: "python",
  automaticLayout: true,
});
editor.focus();
performance.mark("monaco-ready");
