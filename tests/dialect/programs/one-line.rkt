#lang racket (define greeting "one") (displayln greeting)
(displayln "two")
