;;; statistics.scm -- math/statistics: what samples have in common.
;;;
;;; Expanded into a program that requires it.

(provide mean variance stddev skewness kurtosis variance/mean stddev/mean skewness/mean kurtosis/mean median quantile
         absdev absdev/median covariance covariance/means correlation correlation/means mc-variance mc-stddev indicator
         samples->hash count-samples sort-samples (struct-out sample-bin) sample-bin-total bin-samples bin-samples/key
         empty-statistics update-statistics update-statistics* statistics? statistics-min statistics-max
         statistics-count statistics-range statistics-mean statistics-variance statistics-stddev statistics-skewness
         statistics-kurtosis)

(define (samples value) (for/list ([one value]) one))
(define (weights-of name ws all)
  (if ws
      (let ([ws (samples ws)])
        (unless (= (length ws) (length all))
          (raise-arguments-error name "expected samples and weights of the same length" "samples" all "weights" ws))
        ws)
      (map (lambda (one) 1) all)))

;; Floating-point numbers are added exactly.
(define (total all)
  (if (and (ormap flonum? all) (andmap rational? all))
      (exact->inexact (apply + (map inexact->exact all)))
      (apply + all)))
(define (ratio a b) (if (and (number? b) (zero? b)) +nan.0 (/ a b)))
;; With a bias the count of what is free is one less, or what it is given less one.
(define (unbiased count bias)
  (cond [(eq? bias #t) (- count 1)] [bias (* count (/ (- bias 1) bias))] [else count]))

(define (mean value [ws #f])
  (let* ([all (samples value)] [ws (weights-of 'mean ws all)]) (ratio (total (map * all ws)) (total ws))))
(define (moment power centre all ws) (total (map (lambda (x w) (* w (expt (- x centre) power))) all ws)))
(define (variance/mean centre value [ws #f] #:bias [bias #f])
  (let* ([all (samples value)] [ws (weights-of 'variance ws all)])
    (ratio (moment 2 centre all ws) (unbiased (total ws) bias))))
(define (variance value [ws #f] #:bias [bias #f]) (variance/mean (mean value ws) value ws #:bias bias))
(define (stddev/mean centre value [ws #f] #:bias [bias #f]) (sqrt (variance/mean centre value ws #:bias bias)))
(define (stddev value [ws #f] #:bias [bias #f]) (sqrt (variance value ws #:bias bias)))
(define (skewness/mean centre value [ws #f] #:bias [bias #f])
  (let* ([all (samples value)] [ws (weights-of 'skewness ws all)] [n (total ws)]
         [second (moment 2 centre all ws)] [third (moment 3 centre all ws)])
    (ratio third (* n (expt (ratio second n) 3/2)))))
(define (skewness value [ws #f] #:bias [bias #f]) (skewness/mean (mean value ws) value ws #:bias bias))
(define (kurtosis/mean centre value [ws #f] #:bias [bias #f])
  (let* ([all (samples value)] [ws (weights-of 'kurtosis ws all)] [n (total ws)])
    (ratio (ratio (moment 4 centre all ws) n) (sqr (ratio (moment 2 centre all ws) n)))))
(define (kurtosis value [ws #f] #:bias [bias #f]) (kurtosis/mean (mean value ws) value ws #:bias bias))

(define (covariance/means x-mean y-mean xs ys [ws #f] #:bias [bias #f])
  (let* ([xs (samples xs)] [ys (samples ys)] [ws (weights-of 'covariance ws xs)])
    (ratio (total (map (lambda (x y w) (* w (- x x-mean) (- y y-mean))) xs ys ws)) (unbiased (total ws) bias))))
(define (covariance xs ys [ws #f] #:bias [bias #f])
  (covariance/means (mean xs ws) (mean ys ws) xs ys ws #:bias bias))
(define (correlation/means x-mean y-mean xs ys [ws #f] #:bias [bias #f])
  (ratio (covariance/means x-mean y-mean xs ys ws #:bias bias)
         (* (stddev/mean x-mean xs ws #:bias bias) (stddev/mean y-mean ys ws #:bias bias))))
(define (correlation xs ys [ws #f] #:bias [bias #f])
  (correlation/means (mean xs ws) (mean ys ws) xs ys ws #:bias bias))

(define (mc-variance value [ws #f] #:bias [bias #f])
  (ratio (variance value ws #:bias bias) (length (samples value))))
(define (mc-stddev value [ws #f] #:bias [bias #f]) (sqrt (mc-variance value ws #:bias bias)))
(define (indicator keep?) (lambda (value) (if (keep? value) 1 0)))

;; ---- in order

(define (sort-samples less? value) (sort (samples value) less?))
;; The first that so much of the weight is not beyond.
(define (quantile part less? value [ws #f])
  (let* ([all (samples value)]
         [pairs (sort (map cons all (weights-of 'quantile ws all)) less? #:key car)]
         [goal (* (inexact->exact part) (apply + (map cdr pairs)))])
    (when (null? pairs) (raise-argument-error 'quantile "nonempty Sequence" value))
    (let next ([pairs pairs] [sum 0])
      (let ([sum (+ sum (cdar pairs))])
        (if (or (>= sum goal) (null? (cdr pairs))) (caar pairs) (next (cdr pairs) sum))))))
(define (median less? value [ws #f]) (quantile 1/2 less? value ws))
(define (absdev/median centre value [ws #f]) (mean (map (lambda (one) (abs (- one centre))) (samples value)) ws))
(define (absdev value [ws #f]) (absdev/median (median < value ws) value ws))

;; ---- counted

(define (samples->hash value [ws #f])
  (let ([all (samples value)])
    (for/fold ([counts (hash)]) ([one all] [w (weights-of 'samples->hash ws all)])
      (hash-update counts one (lambda (n) (+ n w)) 0))))
;; Each different one, in order, and how often it comes.
(define (count-samples value [ws #f])
  (let ([counts (samples->hash value ws)] [all (remove-duplicates (samples value))])
    (values all (map (lambda (one) (hash-ref counts one)) all))))

(struct sample-bin (min max values weights) #:transparent)
(define (sample-bin-total bin)
  (if (sample-bin-weights bin) (apply + (sample-bin-weights bin)) (length (sample-bin-values bin))))
(define (bin-samples bounds before? value [ws #f]) (bin-samples/key bounds before? (lambda (one) one) value ws))
;; What lies before the first bound and behind the last has bins of its own.
(define (bin-samples/key bounds before? key value [ws #f])
  (define all (samples value))
  (define pairs
    (sort (map cons all (weights-of 'bin-samples ws all)) (lambda (a b) (not (before? (key (car b)) (key (car a)))))))
  (define (bin low high pairs) (sample-bin low high (map car pairs) (and ws (map cdr pairs))))
  (define ordered (sort (samples bounds) (lambda (a b) (not (before? b a)))))
  (let next ([low #f] [bounds ordered] [pairs pairs] [bins '()])
    (cond [(null? bounds)
           (reverse (if (null? pairs)
                        bins
                        (cons (bin (if (null? ordered) (key (caar pairs)) low) (key (car (last pairs))) pairs) bins)))]
          [else
           (let-values ([(in out) (splitf-at pairs (lambda (pair) (before? (key (car pair)) (car bounds))))])
             (next (car bounds) (cdr bounds) out
                   (cond [(not (eq? bounds ordered)) (cons (bin low (car bounds) in) bins)]
                         [(null? in) bins]
                         [else (cons (bin (key (caar in)) (car bounds) in) bins)])))])))

;; ---- one after the other

(struct running (min max count mean second third fourth))
(define empty-statistics (running +inf.0 -inf.0 0.0 0.0 0.0 0.0 0.0))
(define (statistics? value) (running? value))
(define (update-statistics all x [w 1.0])
  (let* ([x (exact->inexact x)] [w (exact->inexact w)] [n (running-count all)] [sum (+ n w)]
         [d (- x (running-mean all))] [step (/ (* w d) sum)] [part (* d step n)]
         [second (running-second all)] [third (running-third all)])
    (running (min (running-min all) x) (max (running-max all) x) sum (+ (running-mean all) step)
             (+ second part)
             (+ third (- (* part (/ (* d (- n w)) sum)) (* 3.0 step second)))
             (+ (running-fourth all)
                (* part d d (/ (+ (* n n) (* w w) (- (* n w))) (* sum sum)))
                (* 6.0 step step second)
                (* -4.0 step third)))))
(define (update-statistics* all value [ws #f])
  (let ([xs (samples value)])
    (for/fold ([all all]) ([x xs] [w (weights-of 'update-statistics* ws xs)]) (update-statistics all x w))))
(define (statistics-min all) (running-min all))
(define (statistics-max all) (running-max all))
(define (statistics-count all) (running-count all))
(define (statistics-range all) (- (running-max all) (running-min all)))
(define (statistics-mean all) (if (= (running-count all) 0.0) +nan.0 (running-mean all)))
(define (statistics-variance all #:bias [bias #f]) (/ (running-second all) (unbiased (running-count all) bias)))
(define (statistics-stddev all #:bias [bias #f]) (sqrt (statistics-variance all #:bias bias)))
(define (statistics-skewness all #:bias [bias #f])
  (let ([n (running-count all)]) (/ (running-third all) (* n (expt (/ (running-second all) n) 1.5)))))
(define (statistics-kurtosis all #:bias [bias #f])
  (let ([n (running-count all)]) (/ (* n (running-fourth all)) (sqr (running-second all)))))
