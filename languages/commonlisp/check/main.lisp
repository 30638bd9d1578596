(load (merge-pathnames "words/two.lisp" *load-truename*))

(format t "args: ~{~a~^|~}~%" (cdr sb-ext:*posix-argv*))
(format t "stdin: ~a~%" (read-line))
(format t "file: ~a~%" *word*)
(finish-output)
(sb-ext:exit :code 3 :abort t)
