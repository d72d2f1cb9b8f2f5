;;; modular.scm -- math/number-theory: residues, roots of equations, counting.
;;;
;;; Expanded into a program that requires it.

(require math/number-theory/numbers)
(provide quadratic-solutions quadratic-integer-solutions quadratic-natural-solutions complex-quadratic-solutions
         jacobi-symbol quadratic-character quadratic-residue? unit-group unit-group-order unit-group-orders
         exists-primitive-root? primitive-root? primitive-root primitive-roots odd-prime-power? random-prime
         mangoldt-lambda eulerian-number tangent-number make-modular-fibonacci with-modulus current-modulus mod mod+
         mod* modsqr modexpt mod- mod/ mod= mod< mod<= mod> mod>=)

(define (complex-quadratic-solutions a b c)
  (let ([inner (- (* b b) (* 4 a c))])
    (if (zero? inner)
        (list (/ (- b) (* 2 a)))
        (let* ([root (sqrt inner)]
               [half (* -1/2 (if (and (real? b) (< b 0)) (- b root) (+ b root)))]
               [all (if (zero? half) (list (/ (- root b) (* 2 a)) (/ (- (+ b root)) (* 2 a))) (list (/ half a) (/ c half)))])
          (if (andmap real? all) (sort all <) all)))))
(define (quadratic-solutions a b c) (filter real? (complex-quadratic-solutions a b c)))
(define (quadratic-integer-solutions a b c) (filter exact-integer? (quadratic-solutions a b c)))
(define (quadratic-natural-solutions a b c) (filter exact-nonnegative-integer? (quadratic-solutions a b c)))

(define (jacobi-symbol a n)
  (unless (odd? n) (raise-argument-error 'jacobi-symbol "odd?" n))
  (let loop ([a (modulo a n)] [n n] [sign 1])
    (cond [(= a 0) (if (= n 1) sign 0)]
          [(even? a) (loop (quotient a 2) n (if (memv (modulo n 8) '(3 5)) (- sign) sign))]
          [else (loop (modulo n a) a (if (and (= (modulo a 4) 3) (= (modulo n 4) 3)) (- sign) sign))])))
(define (quadratic-character a p)
  (let ([power (modular-expt a (quotient (- p 1) 2) p)]) (if (> power 1) -1 power)))
(define (quadratic-residue? a n)
  (ormap (lambda (k) (= (modulo (* k k) n) (modulo a n))) (range 1 n)))

(define (unit-group n) (filter (lambda (k) (coprime? k n)) (range 1 n)))
(define (order-among g n divisors) (findf (lambda (k) (= (modular-expt g k n) 1)) divisors))
(define (unit-group-order g n)
  (unless (coprime? g n)
    (raise-arguments-error 'unit-group-order "expected arguments that are coprime" "g" g "n" n))
  (order-among g n (divisors (totient n))))
(define (unit-group-orders n)
  (let ([all (divisors (totient n))]) (map (lambda (g) (order-among g n all)) (unit-group n))))
(define (odd-prime-power? n)
  (let ([found (prime-power n)]) (and found (odd? (car found)))))
(define (exists-primitive-root? n)
  (cond [(memv n '(1 2 4)) #t]
        [(odd? n) (odd-prime-power? n)]
        [else (odd-prime-power? (quotient n 2))]))
(define (primitive-root? g n) (and (coprime? g n) (= (unit-group-order g n) (totient n))))
(define (primitive-root n)
  (cond [(= n 1) #f]
        [(exists-primitive-root? n) (findf (lambda (g) (primitive-root? g n)) (unit-group n))]
        [else #f]))
(define (primitive-roots n)
  (if (exists-primitive-root? n) (filter (lambda (g) (primitive-root? g n)) (unit-group n)) '()))
(define (random-prime n)
  (let ([k (random-integer 0 n)]) (if (prime? k) k (random-prime n))))

(define (mangoldt-lambda n)
  (let ([found (prime-power n)]) (if found (log (exact->inexact (car found))) 0)))
(define (eulerian-number n k)
  (let next ([row '(1)] [m 0])
    (if (= m n)
        (if (< k (length row)) (list-ref row k) 0)
        (next (for/list ([j (in-range (max 1 (+ m 1)))])
                (+ (* (+ j 1) (if (< j (length row)) (list-ref row j) 0))
                   (if (> j 0) (* (- (+ m 1) j) (list-ref row (- j 1))) 0)))
              (+ m 1)))))
(define (tangent-number n)
  (if (even? n)
      0
      (let ([k (/ (+ n 1) 2)])
        (abs (* (expt 4 k) (- (expt 4 k) 1) (/ (bernoulli-number (* 2 k)) (* 2 k)))))))
(define (make-modular-fibonacci a b)
  (lambda (n m)
    (let loop ([a (modulo a m)] [b (modulo b m)] [n n]) (if (= n 0) a (loop b (modulo (+ a b) m) (- n 1))))))

;; ---- by a modulus

(define current-modulus (make-parameter 1))
(define-syntax-rule (with-modulus n form ...) (parameterize ([current-modulus n]) form ...))
(define (residue q)
  (let ([n (current-modulus)])
    (if (integer? q) (modulo q n) (modulo (* (numerator q) (inverse (denominator q))) n))))
(define (inverse k)
  (let ([n (current-modulus)])
    (unless (coprime? k n)
      (raise (exn:fail:contract (format "modular-inverse: expected argument that is coprime to modulus ~a; given ~a" n k)
                                (current-continuation-marks))))
    (modular-inverse k n)))
(define (mod q) (residue q))
(define (mod+ . all) (residue (apply + all)))
(define (mod* . all) (residue (apply * all)))
(define (modsqr q) (residue (* q q)))
(define (modexpt q power) (modular-expt (if (< power 0) (inverse q) q) (abs power) (current-modulus)))
(define (mod- first . more) (residue (apply - first more)))
(define (mod/ first . more)
  (if (null? more) (inverse first) (residue (apply * first (map inverse more)))))
(define-syntax-rule (define-comparisons (name compare) ...)
  (begin (define (name . all) (apply compare (map residue all))) ...))
(define-comparisons (mod= =) (mod< <) (mod<= <=) (mod> >) (mod>= >=))
