//! Whole chats, images and parameters passed through: what a call says of them, and what is refused.

use crate::{mock::Mock, program::script};
use serde_json::json;

#[test]
fn a_whole_chat_is_sent_as_it_is_written() {
    let mock = Mock::echo();
    let text = r#"
(define earlier (llm-query "first"))
(llm-query #:messages (list (cons 'system "Be brief.") (cons "user" "hello") (list 'assistant earlier)
                            (hash 'role 'user 'content (hash 'b 1 'a '(2)))))"#;
    script(text).server(&mock).run().value();
    let wanted = json!([
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": "hello" },
        { "role": "assistant", "content": "echo:first" },
        { "role": "user", "content": "{\"a\":[2],\"b\":1}" },
    ]);
    assert_eq!(mock.last_body()["messages"], wanted);
}

#[test]
fn what_is_no_chat_no_image_or_no_object_is_refused_before_anything_is_sent() {
    let mock = Mock::echo();
    for (call, wanted) in [
        ("(llm-query #:messages '())", "must be a list of messages"),
        ("(llm-query #:messages '(\"hi\"))", "is no message"),
        ("(llm-query #:messages '((robot . \"hi\")))", "not `robot`"),
        ("(llm-query \"x\" #:messages '((user . \"hi\")))", "excludes a prompt"),
        ("(llm-query \"x\" #:image 5)", "must be a path, a URL or bytes"),
        ("(llm-query \"x\" #:image (bytes 1 2 3))", "is no PNG, JPEG, GIF or WebP image"),
        ("(llm-query \"x\" #:images \"a.png\")", "`#:images` must be a list"),
        ("(llm-query \"x\" #:image \"/etc/hostname\")", "reading `/etc/hostname` is not allowed"),
        ("(llm-query #:messages '((system . \"s\")) #:image \"http://x/y.png\")", "needs a user message"),
        ("(llm-query \"x\" #:extra '(1))", "must be a hash or a JSON object"),
        ("(llm-query \"x\" #:extra (hash 'model \"m\"))", "cannot set `model`"),
        ("(llm-query \"x\" #:schema \"[1\")", "must be a hash or a JSON object"),
        ("(llm-query \"x\" #:schema \"[1]\")", "it is JSON, but no object"),
        ("(llm-query \"x\" #:on-token 5)", "`#:on-token` must be a procedure or `#f`"),
    ] {
        let ran = script(call).server(&mock).run();
        assert!(ran.stderr.contains(wanted) && ran.stderr.contains("hint: "), "{call}: {ran:?}");
    }
    assert_eq!(mock.count(), 0);
}

/// The smallest PNG's beginning; what follows is nobody's business here.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n rest";

#[test]
fn images_go_beside_the_user_message_from_paths_urls_and_bytes() {
    let mock = Mock::echo();
    let program = script(
        r#"
(define path (car (script-args)))
(llm-query "look" #:image path)
(llm-query #:instruction "What is it?" #:data "d" #:images (list "https://example.org/a.jpg" path))
(py-exec "png = b'\\x89PNG\\r\\n\\x1a\\n rest'")
(llm-query #:messages '((user . "first") (assistant . "yes") (user . "second")) #:image (py-eval "png"))"#,
    );
    let folder = program.path().parent().unwrap().to_owned();
    std::fs::write(folder.join("a.png"), PNG).unwrap();
    let path = folder.join("a.png").display().to_string();
    program.server(&mock).args(&["--", &path]).run().value();
    let data = "data:image/png;base64,iVBORw0KGgogcmVzdA==";
    let shown = |url: &str| json!({ "type": "image_url", "image_url": { "url": url } });
    let said = |text: &str| json!({ "type": "text", "text": text });
    let bodies = mock.bodies();
    assert_eq!(bodies[0]["messages"][0]["content"], json!([said("look"), shown(data)]));
    assert_eq!(bodies[1]["messages"][0]["content"], "What is it?");
    assert_eq!(
        bodies[1]["messages"][1]["content"],
        json!([said("d"), shown("https://example.org/a.jpg"), shown(data)])
    );
    assert_eq!(bodies[2]["messages"][0]["content"], "first");
    assert_eq!(bodies[2]["messages"][2]["content"], json!([said("second"), shown(data)]));
}

#[test]
fn extra_parameters_stand_in_the_body_as_they_are() {
    let mock = Mock::echo();
    let text = r#"
(llm-query "x" #:temperature 0.5 #:extra (hash 'temperature 0.9 'logit_bias (hash '50256 -100) 'user "me"))
(llm-query "x" #:extra "{\"top_k\": 5}")"#;
    script(text).server(&mock).run().value();
    let bodies = mock.bodies();
    assert_eq!((&bodies[0]["temperature"], &bodies[0]["logit_bias"]), (&json!(0.9), &json!({ "50256": -100 })));
    assert_eq!((&bodies[0]["user"], &bodies[1]["top_k"]), (&json!("me"), &json!(5)));
}
