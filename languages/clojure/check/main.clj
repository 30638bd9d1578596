(require '[clojure.string :as str] '[words.two :as two])

(println (str "args: " (str/join "|" *command-line-args*)))
(println (str "stdin: " (read-line)))
(println (str "file: " two/word))
(flush)
(System/exit 3)
