use super::*;
use crate::interp::print::written;

fn call(name: &str, args: &[SteelVal]) -> Result<String, String> {
    let entry = TABLE.iter().find(|entry| entry.name == name).unwrap();
    (entry.function)(args).map(|v| written(&v)).map_err(|e| e.to_string())
}

fn matched(pattern: &str, px: bool, text: &str) -> String {
    call("regexp-match", &[literal(pattern, px, false).unwrap(), string(text)]).unwrap()
}

#[test]
fn patterns_mean_what_they_mean_in_racket() {
    assert_eq!(matched(r"\d", false, "d1"), r#"("d")"#);
    assert_eq!(matched(r"\d{2}", true, "d12"), r#"("12")"#);
    assert_eq!(matched("d{2}", false, "d{2}"), r#"("d{2}")"#);
    assert_eq!(matched(r"[\d]+", false, "\\d1"), r#"("\\d")"#);
    assert_eq!(matched(r"[\d]+", true, "\\d1"), r#"("1")"#);
    assert_eq!(matched("[[:alpha:]]", false, "a]"), r#"("a]")"#);
    assert_eq!(matched("[[:alpha:]]+", true, "ab]"), r#"("ab")"#);
    assert_eq!(matched("[]a]+", false, "]a"), r#"("]a")"#);
    assert_eq!(matched("[^]a]+", false, "]abc"), r#"("bc")"#);
    assert_eq!(matched(".", false, "\n"), r#"("\n")"#);
    assert_eq!(matched("(?i:AB)", false, "xab"), r#"("ab")"#);
    assert_eq!(matched("(?m:^b)", false, "a\nb"), r#"("b")"#);
    assert_eq!(matched("a$", false, "a\n"), "#f");
    assert_eq!(matched("(b)|(x)", false, "ab"), r#"("b" "b" #f)"#);
    assert_eq!(matched(r"\w+", true, "λx"), r#"("x")"#);
    assert_eq!(matched(r"\p{L}+", true, "λx"), r#"("λx")"#);
    assert_eq!(matched("a{,2}", true, "aaa"), r#"("aa")"#);
    assert_eq!(matched(r"[a-z\-]+", true, "a-b"), r#"("a-b")"#);
    assert_eq!(matched(r"\.", false, "a.b"), r#"(".")"#);
}

#[test]
fn patterns_may_look_round_and_refer_back() {
    assert_eq!(matched(r"(a)\1", true, "aa"), r#"("aa" "a")"#);
    assert_eq!(matched("a(?=b)", false, "aab"), r#"("a")"#);
    assert_eq!(matched("(?<!a)b", false, "abb"), r#"("b")"#);
}

#[test]
fn a_wrong_pattern_is_explained_as_in_racket() {
    let why = |pattern: &str, px| literal(pattern, px, false).err().unwrap();
    assert_eq!(why("(", false), "regexp: missing closing parenthesis in pattern\n  pattern: \"(\"");
    assert_eq!(why(")", false), "regexp: unmatched `)` in pattern\n  pattern: \")\"");
    assert_eq!(why("*", false), "regexp: `*` follows nothing in pattern\n  pattern: \"*\"");
    assert_eq!(why("a**", false), "regexp: nested `*` in patten\n  pattern: \"a**\"");
    assert_eq!(why("[a", false), "regexp: missing closing square bracket in pattern\n  pattern: \"[a\"");
    assert_eq!(why("\\y", true), "pregexp: illegal alphabetic escape\n  pattern: \"\\\\y\"");
    assert!(why("\\p{Foo}", true).contains("unrecognized property name in `\\p{}`: `Foo`"));
}

#[test]
fn empty_matches_are_found_where_racket_finds_them() {
    let pattern = |p: &str| compiled(p, false, false).unwrap();
    assert_eq!(pattern("a*").all("baac"), [0..0, 1..3, 3..3, 4..4]);
    assert_eq!(pattern("").all("aλ"), [0..0, 1..1, 3..3]);
    assert_eq!(pattern("^a").all("aaa"), std::iter::once(0..1).collect::<Vec<_>>());
}

#[test]
fn replacements_may_name_groups() {
    let replaced = |insert: &str| {
        let f = SteelVal::BoolV(false);
        let args = [
            literal("b(.)", false, false).unwrap(),
            string("abcb"),
            string(insert),
            f.clone(),
            f.clone(),
            f,
            string("x"),
        ];
        call("%regexp-replace", &args).unwrap()
    };
    assert_eq!(replaced(r"<\0 \1 & \& \\ \$ \2>"), r#""a<bc c bc & \\  >b""#);
}

#[test]
fn places_are_code_points() {
    let found = call("regexp-match-positions", &[string("(b)|(x)"), string("aλb")]);
    assert_eq!(found.unwrap(), "((2 . 3) (2 . 3) #f)");
}
