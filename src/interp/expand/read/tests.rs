use super::program;

fn shown(text: &str) -> String {
    match program(text, false) {
        Ok(forms) => forms.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        Err(error) => format!("error: {}", error.message),
    }
}

#[test]
fn lists_and_what_stands_in_them() {
    for (text, wanted) in [
        ("(a [b] {c})", "(a (b) (c))"),
        ("'x `(a ,b ,@c)", "'x (quasiquote (a (unquote b) (unquote-splicing c)))"),
        ("(a . b) (a . (b c)) (a b . (c . d))", "(a . b) (a b c) (a b c . d)"),
        ("(1 . < . 2)", "(< 1 2)"),
        ("#(1 #t) #hash((a . 1)) #&x", "#(1 #t) #hash((a . 1)) #&x"),
        ("(a #;(b c) d) ; e\n#| f #| g |# |# h", "(a d) h"),
        ("#lang racket\n(a)", "(a)"),
        ("#!/usr/bin/env bessemer\n(a)", "(a)"),
        ("#:key #rx\"a.b\" #px\"\\\\d+\"", "#:key #rx\"a.b\" #px\"\\\\d+\""),
        ("|a b| a|b c|d |1|", "a b ab cd 1"),
        ("... ._ -> + - 1+ -a", "... ._ -> + - 1+ -a"),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
    }
}

#[test]
fn numbers_are_what_steel_reads() {
    for (text, wanted) in [
        ("1 -1 +1 007", "1 -1 1 7"),
        ("1.5 .5 1. 1e3 1E-7 1e21", "1.5 0.5 1.0 1000.0 1e-7 1e21"),
        ("1/2 -4/6 3/1", "1/2 -2/3 3"),
        ("#xff #b101 #e1.5 #e1e3 #i1/2 #x-F", "255 5 3/2 1000 0.5 -15"),
        ("+inf.0 -inf.0 +nan.0 -nan.0", "+inf.0 -inf.0 +nan.0 +nan.0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1/0 1e 1.2.3 e5 +e", "1/0 1e 1.2.3 e5 +e"),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
    }
}

#[test]
fn escapes_that_no_string_knows_stand_for_themselves() {
    for (text, wanted) in [
        (r#""a\nb\t\"""#, "\"a\\nb\\t\\\"\""),
        (r#""\d+\.\w \1""#, r#""\\d+\\.\\w \\1""#),
        (r#""\x41;\x41\u{41}\u0041\U41""#, "\"AAAAA\""),
        (r#""\ud83d\ude00""#, "\"😀\""),
        ("\"a \\\n   b\"", "\"a    b\""),
        ("\"a\\\n b\"", "\"a b\""),
        (r#""\0\033[1m""#, r#""\0\u{1b}[1m""#),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
    }
}

#[test]
fn characters_have_names() {
    assert_eq!(
        shown(r"#\a #\( #\space #\newline #\u3bb #\x41 #\λ #\1 #\nul"),
        "#\\a #\\( #\\space #\\newline #\\λ #\\A #\\λ #\\1 #\\\0"
    );
    assert_eq!(shown(r"#\nothing"), "error: there is no character of this name");
}

#[test]
fn a_here_string_is_a_string() {
    assert_eq!(shown("(f #<<PY\na \"b\"\n\\d\nPY\n)"), "(f \"a \\\"b\\\"\\n\\\\d\")");
    assert_eq!(shown("(f #<<PY\nabc)"), "error: the here-string `#<<PY` does not end");
}

#[test]
fn what_is_not_closed_is_told() {
    for (text, wanted) in [
        ("(a (b)", "this `(` is never closed"),
        ("(a]", "this `]` stands where a `(` is to be closed"),
        ("a)", "this `)` closes nothing"),
        ("\"abc", "this string never ends"),
        ("'", "nothing follows this `'`"),
        ("(a . b c)", "one datum follows a dot, and then the list ends"),
        ("%park", "`%park` is the interpreter's own, and not for scripts"),
    ] {
        assert_eq!(shown(text), format!("error: {wanted}"), "{text}");
    }
}

#[test]
fn what_is_nested_without_end_is_refused() {
    // As roomy as an interpreter's stack.
    let deep = || assert_eq!(shown(&"(".repeat(5_000)), "error: the program is nested too deeply");
    std::thread::Builder::new().stack_size(256 << 20).spawn(deep).unwrap().join().unwrap();
}
