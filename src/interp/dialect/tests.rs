//! The procedures as Steel calls them, each by `d:` and its name: the front end, which gives them their own, is not here.

use super::{all, machined};
use crate::interp::print;
use steel::{SteelVal, steel_vm::engine::Engine};

fn engine() -> Engine {
    let mut engine = Engine::new();
    for entry in all() {
        engine.register_value(&format!("d:{}", entry.name), SteelVal::FuncV(entry.function));
    }
    for entry in machined() {
        engine.register_value(&format!("d:{}", entry.name), (entry.value)());
    }
    engine
}

/// What the last form of a program comes to, or the message of its error.
fn told(engine: &mut Engine, program: &str) -> String {
    match engine.run(program.to_owned()) {
        Ok(values) => values.last().map(print::printed).unwrap_or_default(),
        Err(error) => crate::interp::natives::fault_of(&error).message,
    }
}

#[test]
fn a_mutable_hash_holds_what_it_is_given() {
    let mut steel = engine();
    let program = "
        (define h (d:%make-hash))
        (define (fill n) (if (= n 0) h (begin (d:hash-set! h n (* n n)) (d:hash-set! h (list n \"x\") n) (fill (- n 1)))))
        (fill 1000)
        (define (drain n) (if (= n 0) h (begin (d:hash-remove! h n) (drain (- n 2)))))
        (drain 1000)
        (list (d:hash-count h) (d:%hash-ref h 7) (d:%hash-ref h (list 8 \"x\")) (d:hash-has-key? h 8) (d:hash-has-key? h 9))";
    assert_eq!(told(&mut steel, program), "'(1500 49 8 #f #t)");
    assert_eq!(told(&mut steel, "(d:%hash-ref h 'x)"), "hash-ref: no value found for key\n  key: 'x");
    assert_eq!(
        told(&mut steel, "(d:hash-set! (d:hash 1 2) 3 4)").lines().nth(1),
        Some("  expected: (and/c hash? (not/c immutable?))")
    );
}

#[test]
fn a_mutable_hash_may_hold_itself_and_its_like() {
    let mut steel = engine();
    let program = "
        (define h (d:%make-hash))
        (define other (d:%make-hash))
        (d:hash-set! h other 1)
        (d:hash-set! h h h)
        (d:hash-set! h h h)
        (d:hash-set! other h other)
        (d:hash-set! h other h)
        (d:hash-remove! h h)
        (d:hash-remove! h other)
        (d:hash-set! h 1 2)
        (d:%hash-ref h 1)";
    assert_eq!(told(&mut steel, program), "2");
}

#[test]
fn the_collector_keeps_what_is_in_hashes_and_records_and_takes_what_goes_in_circles() {
    let mut steel = engine();
    let program = "
        (define node (d:%make-record-type 'node #f '(value next) 0 #f '(#t #t) #t '()))
        (define type (car node))
        (define next (list-ref node 3))
        (define set-next! (list-ref node 5))
        (define kept (d:%make-hash))
        (define (ring n)
          (let ([a (d:%construct type (list (box n) #f))] [h (d:%make-hash)])
            (set-next! a (d:%construct type (list h a)))
            (d:hash-set! h 'self h)
            (d:hash-set! h 'ring a)
            (when (= 0 (modulo n 1000)) (d:hash-set! kept n a))
            (if (= n 0) n (ring (- n 1)))))
        (ring 100000)
        (define (all-there? n)
          (if (< n 0) #t
              (and (= n (unbox ((list-ref node 2) (d:%hash-ref kept n))))
                   (d:eqv? (d:%hash-ref kept n) (next (next (d:%hash-ref kept n))))
                   (all-there? (- n 1000)))))
        (all-there? 100000)";
    assert_eq!(told(&mut steel, program), "#t");
}

#[test]
fn equality_looks_at_contents_and_at_opaque_records_not() {
    let mut steel = engine();
    let program = "
        (define point (d:%make-record-type 'point #f '(x y) 0 #f '(#f #f) #t '()))
        (define make (d:%record-constructor (car point)))
        (define dark (d:%make-record-type 'dark #f '(x) 0 #f '(#f) #f '()))
        (define make-dark (d:%record-constructor (car dark)))
        (define a (list 1 2))
        (define one (make-dark 1))
        (list (d:equal? (make 1 2) (make 1 2)) (d:equal? (make 1 2) (make 1 3)) (d:equal? (make-dark 1) (make-dark 1))
              (d:equal? one one) (d:equal? (list a a) (list (list 3 4) (list 1 2))) (d:equal? '(1/2) '(1/2))
              (d:equal? 2 2.0) (d:equal? (vector 1 2) #(1 2)) (d:%hash-ref (d:hash (make 1 2) 'found) (make 1 2))
              (d:hash-has-key? (d:hash (make-dark 1) 1) (make-dark 1)))";
    assert_eq!(told(&mut steel, program), "'(#t #f #f #t #f #t #f #t found #f)");
    let program = "
        (define a (vector 1 #f)) (vector-set! a 1 a)
        (define b (vector 1 #f)) (vector-set! b 1 b)
        (d:equal? a b)";
    assert_eq!(told(&mut steel, program), "#t");
}

#[test]
fn the_accessors_of_a_parent_take_its_childrens_records() {
    let mut steel = engine();
    let program = "
        (define point (d:%make-record-type 'point #f '(x y) 0 #f '(#f #f) #t '()))
        (define point3 (d:%make-record-type 'point3 (car point) '(z t) 1 'auto '(#t #f) #t '()))
        (define p (d:%construct (car point3) '(1 2 3)))
        ((list-ref point3 4) p 30)
        (list ((list-ref point 1) p) ((list-ref point 2) p) ((list-ref point3 2) p) ((list-ref point3 3) p)
              ((list-ref point3 1) ((d:%record-constructor (car point)) 1 2)))";
    assert_eq!(told(&mut steel, program), "'(#t 1 30 auto #f)");
    assert_eq!(
        told(&mut steel, "((list-ref point 2) 5)"),
        "point-x: contract violation\n  expected: point?\n  given: 5"
    );
    assert_eq!(
        told(&mut steel, "((d:%record-constructor (car point)) 1)"),
        "point: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: 2\n  given: 1"
    );
}
