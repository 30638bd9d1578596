(ns words.two)

(def word "second")
