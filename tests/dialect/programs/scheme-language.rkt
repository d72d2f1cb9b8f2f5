#lang scheme
;; The older language shows the values of its top level as write does
'(4 8)
(list 1 "x" 'a)
'a
(vector 1 2)
