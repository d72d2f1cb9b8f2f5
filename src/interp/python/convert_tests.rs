//! Every conversion, both ways.

use pyo3::prelude::*;
use steel::{SteelVal, rvals::SteelByteVector, steel_vm::engine::Engine};

use super::{MAX_DEPTH, PyObjectHandle, is_python, to_python, to_steel};
use crate::interp::{dialect::hashes, python::tests::python};

/// The Scheme value of a Python expression.
fn steel(expression: &str) -> Result<SteelVal, String> {
    let _python = python();
    Python::attach(|py| {
        let code = std::ffi::CString::new(expression).unwrap();
        to_steel(&py.eval(&code, None, None).unwrap())
    })
}

/// The `repr` of what a Scheme value becomes in Python.
fn repr(value: &SteelVal) -> Result<String, String> {
    let _python = python();
    Python::attach(|py| to_python(py, value).map(|object| object.repr().unwrap().to_string()))
}

/// Asserts that an expression's value comes back from Scheme as `back`.
#[track_caller]
fn round_trip(expression: &str, back: &str) {
    let value = steel(expression).unwrap();
    assert_eq!(repr(&value).unwrap(), back, "{expression} was {value} in Scheme");
}

/// The values of Scheme expressions.
fn scheme(source: &'static str) -> Vec<SteelVal> {
    // Without it the thread aborts when it ends (STEEL.md, section 4).
    let _ = steel::List::<SteelVal>::new();
    let mut engine = Engine::new();
    let values = engine.run(source).unwrap();
    // Boxes and mutable vectors live in the engine's heap.
    std::mem::forget(engine);
    values
}

fn set(items: Vec<SteelVal>) -> SteelVal {
    hashes::immutable_set(hashes::Kind::Equal, items)
}

#[test]
fn what_both_sides_have_comes_back_as_it_was() {
    for same in [
        "None",
        "True",
        "False",
        "0",
        "1",
        "-1",
        "1.5",
        "inf",
        "-inf",
        "nan",
        "-0.0",
        "''",
        "'a'",
        "'naïve 日本 🎉'",
        "b''",
        "b'\\x00\\xff'",
        "[]",
        "{}",
        "set()",
        "[None, [1, [2.0, 'x']], {'k': [True]}]",
        "{'a': 1, 'b': {'c': []}}",
        "{1: 'a', 2: 'b'}",
        "{(1, 'x'): 2}",
        "{1: 2, 'a': 3}",
        "{1, 2}",
        "{frozenset({1})}",
        "{None: 1}",
    ] {
        round_trip(&same.replace("inf", "float('inf')").replace("nan", "float('nan')"), same);
    }
    for (from, to) in [("2**63 - 1", i64::MAX.to_string()), ("-2**63", i64::MIN.to_string())] {
        round_trip(from, &to);
        assert!(matches!(steel(from).unwrap(), SteelVal::IntV(_)));
    }
    round_trip("2**200", "1606938044258990275541962092341162602522202993782792835301376");
    round_trip("-2**63 - 1", "-9223372036854775809");
}

#[test]
fn what_scheme_has_one_kind_of_comes_back_as_that_kind() {
    round_trip("(1, (2,))", "[1, [2]]");
    round_trip("bytearray(b'ab')", "b'ab'");
    round_trip("frozenset({1})", "{1}");
    round_trip("__import__('collections').Counter('aab')", "{'a': 2, 'b': 1}");
    round_trip("__import__('signal').SIGINT", "2");
}

#[test]
fn keys_that_are_strings_become_symbols_whatever_the_others_are() {
    let key = |source| {
        let entries = hashes::View::of(&steel(source).unwrap()).unwrap().entries();
        entries.into_iter().map(|(key, _)| key).find(|key| !matches!(key, SteelVal::IntV(_))).unwrap()
    };
    assert!(matches!(key("{'a': 1}"), SteelVal::SymbolV(_)));
    assert!(matches!(key("{'a': 1, 2: 3}"), SteelVal::SymbolV(_)));
    assert!(matches!(key("{(1, 2): 3}"), SteelVal::ListV(_)));
}

#[test]
fn what_has_no_counterpart_stays_in_python() {
    let value = steel("__import__('datetime').date(2024, 2, 29)").unwrap();
    assert!(is_python(&value) && !is_python(&SteelVal::Void));
    assert_eq!(value.to_string(), "#<python date>");
    assert_eq!(repr(&value).unwrap(), "datetime.date(2024, 2, 29)");
    assert_eq!(value, steel("__import__('datetime').date(2024, 2, 29)").unwrap());
    assert_ne!(value, steel("__import__('datetime').date(2024, 3, 1)").unwrap());
    let _python = python();
    Python::attach(|py| {
        let object = py.eval(c"object()", None, None).unwrap();
        assert!(to_python(py, &PyObjectHandle::value(object.clone())).unwrap().is(&object));
    });
}

#[test]
fn scheme_values_have_their_python_forms() {
    let source = r#"
        (struct point (x y))
        (struct counter (n) #:mutable)
        (define-values (unused) (values 1))
        (list 'sym #\λ '(1 . 2) '(1 2 . 3) (vector 1 2) (immutable-vector 1 2) (box 5) 1/3 '#:key
              (point 1 "b") (list (counter 7)) (hash 'b 1 "a" 2 3 4) (hash '(1 2) 3) 1+2i
              (/ 1 1000000000000000000000) (Some 1) (bytes 1 255))
    "#;
    let value = scheme(source).pop().unwrap();
    assert_eq!(
        repr(&value).unwrap(),
        "['sym', 'λ', (1, 2), (1, (2, 3)), [1, 2], [1, 2], 5, Fraction(1, 3), '#:key', {'x': 1, 'y': 'b'}, \
         [{'n': 7}], {3: 4, 'a': 2, 'b': 1}, {(1, 2): 3}, (1+2j), Fraction(1, 1000000000000000000000), \
         ['Some', 1], b'\\x01\\xff']"
    );
    assert_eq!(repr(&set(scheme("(list 1)"))).unwrap(), "{(1,)}");
}

#[test]
fn what_python_cannot_hold_is_an_error_that_says_so() {
    let values = scheme("(lambda (x) x) car (hash 'a 1 \"a\" 2) 'set (hash (hash 'a 1) 2)");
    let error = |index: usize| match index {
        3 => repr(&set(scheme("1 1.0"))).unwrap_err(),
        _ => repr(&values[index]).unwrap_err(),
    };
    assert!(error(0).contains("a procedure"), "{}", error(0));
    assert!(error(1).contains("a procedure"));
    assert!(error(2).contains("the same one"));
    assert!(error(3).contains("the same one"));
    assert!(error(4).contains("a hash cannot be a key"));
}

#[test]
fn a_lone_surrogate_is_an_error_that_says_so() {
    for source in ["'a\\ud800'", "['\\udfff']", "{'\\ud800': 1}"] {
        let error = steel(source).unwrap_err();
        assert!(error.contains("lone surrogate"), "{error}");
    }
}

/// The interpreter's own stack is larger than a test's.
fn on_a_big_stack(test: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(512 << 20).spawn_scoped(scope, test).unwrap().join().unwrap();
    });
}

#[test]
fn a_value_that_contains_itself_is_an_error() {
    on_a_big_stack(|| {
        for source in ["(lambda a: (a.append(a), a.append(a), a)[2])([])", "(lambda d: (d.update(d=d), d)[1])({})"] {
            assert!(steel(source).unwrap_err().contains("contains itself"));
        }
        let own = scheme("(define v (mutable-vector 1)) (vector-push! v v) (vector-push! v v) v").pop().unwrap();
        assert!(repr(&own).unwrap_err().contains("contains itself"));
    });
}

#[test]
fn a_value_just_within_the_limit_goes_both_ways() {
    on_a_big_stack(|| {
        let nested = |levels: usize| {
            format!("__import__('functools').reduce(lambda inner, _: [inner], range({}), [])", levels - 1)
        };
        let value = steel(&nested(MAX_DEPTH)).unwrap();
        let _python = python();
        Python::attach(|py| drop(to_python(py, &value).unwrap()));
        drop(_python);
        assert!(steel(&nested(MAX_DEPTH + 1)).is_err());
    });
}

#[test]
fn large_values_are_quick() {
    let start = std::time::Instant::now();
    let SteelVal::StringV(text) = steel("'x' * 10_000_000").unwrap() else { panic!() };
    assert_eq!(text.len(), 10_000_000);
    let string = start.elapsed();
    let SteelVal::ListV(items) = steel("[str(n) for n in range(100_000)]").unwrap() else { panic!() };
    assert_eq!(items.len(), 100_000);
    let list = start.elapsed() - string;
    let _python = python();
    Python::attach(|py| {
        assert_eq!(to_python(py, &SteelVal::StringV(text)).unwrap().len().unwrap(), 10_000_000);
        assert_eq!(to_python(py, &SteelVal::ListV(items)).unwrap().len().unwrap(), 100_000);
    });
    let bytes = SteelVal::ByteVector(SteelByteVector::new(vec![7; 10_000_000]));
    Python::attach(|py| assert_eq!(to_python(py, &bytes).unwrap().len().unwrap(), 10_000_000));
    let back = start.elapsed() - list - string;
    eprintln!("10 MB string in {string:?}, 100,000 strings in {list:?}, both and 10 MB bytes back {back:?}");
    assert!(start.elapsed().as_secs() < 5);
}
