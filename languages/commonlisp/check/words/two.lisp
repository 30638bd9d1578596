(defparameter *word* "second")
