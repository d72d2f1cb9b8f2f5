use super::*;

fn told(message: &str, callee: &str) -> String {
    let said = translated(message, Some(callee).filter(|c| !c.is_empty()));
    said.map_or("as it is".into(), |s| format!("{} | {}", s.message, s.hint.unwrap_or_default()))
}

#[test]
fn steels_messages_are_put_in_schemes_words() {
    for (steels, callee, wanted) in [
        (
            "car resulted in an error - empty list",
            "car",
            "car: contract violation\n  expected: pair?\n  given: '() | `(null? list)` tells",
        ),
        ("car expected a list or pair, found: 5", "car", "car: contract violation\n  expected: pair?\n  given: 5 | "),
        (
            "+ expects a number, found: \"a\"",
            "+",
            "+: contract violation\n  expected: number?\n  given: \"a\" | `(string->number",
        ),
        (
            "Cannot convert steel value: 5 to steel string",
            "string-append",
            "string-append: contract violation\n  expected: string?\n  given: 5",
        ),
        (
            "length: Cannot convert steel value: #(1) to steel list",
            "",
            "length: contract violation\n  expected: list?\n  given: '#(1) | `(vector->",
        ),
        (
            "for-each expected a function, found:  5",
            "for-each",
            "for-each: contract violation\n  expected: procedure?\n  given: 5",
        ),
        ("expected real numbers, found: a", "<", "<: contract violation\n  expected: real?\n  given: 'a"),
        (
            "list->string expected a list of characters",
            "",
            "list->string: contract violation\n  expected: (listof char?) | ",
        ),
        ("char-upcase: Expected character", "", "char-upcase: contract violation\n  expected: char?"),
        (
            "function expected 2 arguments, found 1",
            "f",
            "f: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: 2\n  given: 1 | ",
        ),
        (
            "function expected 1 arguments, found 0",
            "into-nth",
            "into-nth: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: 1\n  given: 0",
        ),
        ("Anonymous function expected 2 arguments, found 1", "lambda", "a procedure: arity mismatch;"),
        ("list_vec_null expects exactly 1 arguments, found: 0", "null?", "null?: arity mismatch;"),
        (
            "index out of bounds, index given: 5, length of vector: 2",
            "vector-ref",
            "vector-ref: there is no index 5 where there are 2 | indexes go from 0 to 1",
        ),
        (
            "key not found in hash map: a - map: Gc({\"a\": 1})",
            "hash-ref",
            "hash-ref: the hash has no key `a` | the key there is the string `\"a\"`",
        ),
        (
            "Function application not a procedure or function type not supported: 3",
            "x",
            "application: not a procedure;\n expected a procedure that can be applied to arguments\n  given: 3 | `x` is that value",
        ),
        (
            "Cannot reference an identifier before its definition: ##x2",
            "",
            "a procedure is called with too few arguments: its `x`",
        ),
        ("went wrong 1 2", "", "as it is"),
        ("/: division by zero", "/", "as it is"),
    ] {
        let told = told(steels, callee);
        assert!(told.starts_with(wanted), "{steels}: {told}");
    }
}

#[test]
fn the_nearest_name_may_be_the_programs_own() {
    let hint = |name, text| undefined(name, text, ["mem-helper", "list", "%mine"].into_iter()).hint.unwrap_or_default();
    assert_eq!(hint("my-helpr", "(define (my-helper x) x) (my-helpr 1)"), "did you mean `my-helper`?");
    assert_eq!(hint("totl", "(let ([total 1]) (+ totl 1)) \"totle\""), "did you mean `total`?");
    assert_eq!(hint("lst", "(lst)"), "did you mean `list`?");
    assert_eq!(hint("x", "(f x * y)"), "");
}
