; Press Run, type a number in the console, and press Enter.
(defmacro repeat ((times) &body body)
  `(loop repeat ,times do (progn ,@body)))

(defun roman (n)
  (format nil "~@r" n))

(defun greet ()
  (format t "Hello from ~a! Which number shall we write in other ways? " (lisp-implementation-type))
  (finish-output)
  (let ((n (or (ignore-errors (parse-integer (read-line))) 42)))
    (if (< 0 n 4000) n 42)))

(let ((n (greet)))
  (format t "In words:   ~r~%In order:   ~:r~%In Roman:   ~a~%In binary:  ~b~%" n n (roman n) n)
  (format t "Its factorial has ~:d digits.~%"
          (length (princ-to-string (reduce #'* (loop for i from 1 to (min n 500) collect i)))))
  (repeat ((min n 10)) (format t "λ "))
  (terpri))
