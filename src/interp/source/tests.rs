//! Programs before and after.

use super::*;

fn text(old: &str) -> String {
    rewrite(old, &|_| false).map(|s| s.text).unwrap_or_else(|e| e.message)
}

#[test]
fn a_here_string_becomes_a_literal() {
    assert_eq!(
        text("'(1) (f #<<PY\na \"b\" \\n\nPY\n)"),
        "'(1) (%main (lambda () (%just (f \"a \\\"b\\\" \\\\n\"\n))))"
    );
    assert!(text("(f #<<PY\nno end").contains("does not end"));
}

#[test]
fn an_unknown_escape_stands_for_itself() {
    assert_eq!(text(r#""\d\n\x41;\x4\"\\d""#), r#""\\d\n\x41;\\x4\"\\d""#);
}

#[test]
fn fn_is_a_name_and_in_quoted_data_a_symbol() {
    assert_eq!(text("(define (g fn) (fn 'fn '(fn)))"), "(define (g fn*) (fn* '|fn| '(|fn|)))");
}

#[test]
fn forms_run_as_fibers_and_definitions_do_not() {
    assert_eq!(text("(define x (f 1))"), "(define x (%main (lambda () (%just (f 1)))))");
    for same in ["(define x 1)", "(struct p (x))", "x", "'(define-values (a b) (f))"] {
        assert_eq!(text(same), same);
    }
    for procedure in ["(define (f) 1)", "(define f (lambda () 1))"] {
        assert_eq!(text(&format!("{procedure} 'f")), format!("{procedure} 'f"));
        let assigned = format!("{procedure} (define %assigned-{} (set! f f)) '(f 1)", procedure.len());
        assert_eq!(text(&format!("{procedure} '(f 1)")), assigned);
    }
    assert_eq!(text("(define-values (a b) (f))"), "(%define-values %values-1 (a b) (f))");
    let with_macro = "(define-syntax m (syntax-rules () [(_ x) (define x 1)])) (m y)";
    assert_eq!(text(with_macro), with_macro);
}

#[test]
fn void_in_parentheses_is_the_value() {
    assert_eq!(text("(define x ( void ))"), "(define x void)");
}

#[test]
fn the_interpreters_names_are_refused_even_quoted() {
    for bad in ["(%submit 1)", "'#%prim.car", "(require-builtin steel/process)", "(define-syntax m (lambda (x) x))"] {
        assert!(rewrite(bad, &|_| false).is_err(), "{bad}");
    }
    assert!(rewrite("(% 1 2)", &|_| false).is_ok());
}

#[test]
fn places_lead_back_to_the_users_text() {
    let old = "(define s #<<X\nabc\nX\n)\n(list fn (car '()))";
    let source = rewrite(old, &|_| false).unwrap();
    let new = source.text.find("(car").unwrap();
    assert_eq!(source.original(new..new + 9), old.find("(car").unwrap()..old.find("(car").unwrap() + 9);
    let renamed = source.text.find(FN).unwrap();
    assert_eq!(&old[source.original(renamed..renamed + FN.len())], "fn");
}

#[test]
fn comments_and_characters_hide_their_parentheses() {
    let same = "#| ( #| ) |# |# '(#\\( #\\) #\\space) ; (fn\n";
    assert_eq!(text(same), same);
}

#[test]
fn the_context_is_found_where_it_is_named() {
    let named = |old: &str| rewrite(old, &|_| false).unwrap().context;
    for none in ["\"context\" ; context\n#| context |# 'context '(a context) #;context", "(my-context)", "#:context"] {
        assert_eq!(named(none), None, "{none}");
    }
    assert_eq!(named("(f 'context) (g context context)"), Some(16..23));
    for found in ["context", "(define x context)", "(f #<<X\nX\n) `(a ,context)", "(car |context|)"] {
        assert!(named(found).is_some(), "{found}");
    }
}
