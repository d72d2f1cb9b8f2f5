;;; sets.scm -- what takes procedures with sets.  The rest is in Rust (src/interp/dialect/sets.rs).

(define (set-map set f) (map f (set->list set)))
(define (set-for-each set f) (for-each f (set->list set)))
(define (in-set set) (set->list set))
(define (for-all? f items) (andmap f items))
