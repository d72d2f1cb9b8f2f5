use super::*;
use crate::interp::{
    json,
    value::{string, symbol},
};

fn list(items: &[SteelVal]) -> SteelVal {
    SteelVal::ListV(items.iter().cloned().collect())
}

#[test]
fn a_hash_prints_in_the_order_of_its_keys() {
    let hash = json::from_text(r#"{"b": [1, "x"], "a": true, "c": null}"#).unwrap();
    assert_eq!(written(&hash), r##"#hash((a . #t) (b . (1 "x")) (c . #<void>))"##);
    assert_eq!(displayed(&hash), "#hash((a . #t) (b . (1 x)) (c . #<void>))");
    assert_eq!(printed(&hash), r##"'#hash((a . #t) (b . (1 "x")) (c . #<void>))"##);
}

#[test]
fn strings_are_bare_for_people_and_quoted_for_programs() {
    assert_eq!(displayed(&string("a\"b\n")), "a\"b\n");
    assert_eq!(written(&string("a\"b\n")), r#""a\"b\n""#);
}

#[test]
fn data_print_behind_a_quote() {
    let some = list(&[symbol("a"), string("b"), SteelVal::CharV('c'), symbol("#:k")]);
    assert_eq!(printed(&some), r##"'(a "b" #\c #:k)"##);
    assert_eq!(printed(&list(&[list(&[symbol("quote"), symbol("a")])])), "'('a)");
    assert_eq!(written(&list(&[symbol("quote"), symbol("a")])), "(quote a)");
    assert_eq!(printed(&symbol("a")), "'a");
    assert_eq!(printed(&string("a")), "\"a\"");
    assert_eq!(printed(&SteelVal::IntV(1)), "1");
    assert_eq!(printed(&list(&[])), "'()");
    assert_eq!(printed(&list(&[SteelVal::Void])), "'(#<void>)");
    assert_eq!(printed(&SteelVal::Void), "#<void>");
}

#[test]
fn what_no_literal_makes_prints_as_a_call() {
    let set = hashes::immutable_set(hashes::Kind::Equal, [symbol("b"), symbol("a")]);
    assert_eq!(printed(&set), "(set 'a 'b)");
    assert_eq!(displayed(&set), "#<set: a b>");
    assert_eq!(printed(&list(&[SteelVal::IntV(1), set.clone(), list(&[symbol("x")])])), "(list 1 (set 'a 'b) '(x))");
    let vector = SteelVal::VectorV([set].into_iter().collect());
    assert_eq!(printed(&vector), "(vector (set 'a 'b))");
}

#[test]
fn deep_values_are_cut_and_long_ones_are_not() {
    // Sessions have a stack of a gigabyte; tests do not.
    let printed = std::thread::Builder::new().stack_size(256 << 20).spawn(|| {
        let mut deep = list(&[]);
        for _ in 0..2 * DEPTH {
            deep = list(&[deep]);
        }
        written(&deep)
    });
    assert!(printed.unwrap().join().unwrap().contains('…'));
    let long: SteelVal = SteelVal::ListV((0..100_000).map(SteelVal::IntV).collect());
    assert!(written(&long).ends_with(" 99999)"));
}
