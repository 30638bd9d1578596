; Press Run, type a number in the console, and press Enter.
(require '[clojure.string :as str])

(defn collatz [n]
  (take-while some? (iterate #(cond (= % 1) nil (even? %) (quot % 2) :else (inc (* 3 %))) n)))

(defn bar [n] (str/join (repeat (Math/round (* 4 (Math/log (inc n)))) "▇")))

(print "Hello from Clojure! With which number shall we begin? ")
(flush)

(let [answer (some-> (read-line) str/trim parse-long)
      start (if (and answer (< 0 answer 1000000)) answer 7)
      path (collatz start)]
  (doseq [n path]
    (println (format "%8d %s" n (bar n))))
  (println (count path) "numbers, the largest is" (apply max path)))
