//! What the extractive model picks.

use super::*;
use crate::{text::words::stem, wire::Sampling};
use std::time::Duration;

const NEWS: &str = "Acme makes kettles. In May the Acme K2 kettle was recalled after 1,200 fires.\nBolt sells lamps. \
    The weather was fine! Bolt recalls its L9 lamp.\nNobody minded the rain.";

fn ask(chat: &[(Role, &str)], json: JsonMode, max_tokens: Option<u32>) -> Answer {
    let messages = chat.iter().map(|&(role, text)| Message::new(role, text)).collect();
    let sampling = Sampling { max_tokens, ..Sampling::default() };
    let request = Request { messages, sampling, json, timeout: Duration::from_secs(1), ..Request::default() };
    Answer { latency: Duration::ZERO, ..answer(&request).unwrap() }
}

fn text(instruction: &str, data: &str, json: JsonMode) -> String {
    ask(&[(Role::System, instruction), (Role::User, data)], json, None).text.to_string()
}

#[test]
fn the_best_sentences_come_in_the_order_of_the_data() {
    let got = text("Which products were recalled?", NEWS, JsonMode::Off);
    assert_eq!(got, "In May the Acme K2 kettle was recalled after 1,200 fires. Bolt recalls its L9 lamp.");
    assert_eq!(text("Translate to Latin.", NEWS, JsonMode::Off), "Acme makes kettles.");
    assert_eq!(text("Why?", "", JsonMode::Off), "");
    assert_eq!(&*ask(&[(Role::System, "Say hello.")], JsonMode::Off, None).text, "Say hello.");
}

#[test]
fn a_lone_user_message_is_instruction_and_data() {
    let one = |t: &str| ask(&[(Role::User, t)], JsonMode::Off, None).text.to_string();
    assert_eq!(one("2+2?"), "2+2?");
    assert_eq!(one(&format!("Who sells lamps?\n\n{NEWS}")), "Bolt sells lamps. Bolt recalls its L9 lamp.");
    assert_eq!(&*ask(&[(Role::Assistant, "x")], JsonMode::Off, None).text, "");
}

#[test]
fn the_same_request_has_the_same_answer() {
    let data = "The kettle boils. ".repeat(200) + &"A lamp and a kettle shine.\n".repeat(200);
    let run = || ask(&[(Role::System, "kettle or lamp?"), (Role::User, &data)], JsonMode::Off, None);
    let first = run();
    assert!((0..5).all(|_| run() == first));
    assert_eq!((&*first.model, first.cost_usd, &*first.finish_reason), ("offline", Some(0.0), "stop"));
    let chars = data.len() + "kettle or lamp?".len();
    assert_eq!(first.usage.input, chars.div_ceil(4) as u64);
    assert_eq!(first.usage.output, first.text.len().div_ceil(4) as u64);
}

#[test]
fn a_token_limit_leaves_out_sentences_then_cuts() {
    let chat = [(Role::System, "recalled lamps"), (Role::User, NEWS)];
    let whole = ask(&chat, JsonMode::Off, Some(8));
    assert_eq!((&*whole.text, &*whole.finish_reason), ("Bolt recalls its L9 lamp.", "stop"));
    let cut = ask(&chat, JsonMode::Off, Some(2));
    assert_eq!((&*cut.text, &*cut.finish_reason), ("Bolt rec", "length"));
    let wide = ask(&[(Role::User, "ééééééééé")], JsonMode::Off, Some(1));
    assert_eq!(&*wide.text, "éééé");
}

#[test]
fn json_has_the_sketched_shape() {
    let list = "List every recalled product as JSON: [{product: string, reason: string}]";
    let [k2, l9] = ["In May the Acme K2 kettle was recalled after 1,200 fires.", "Bolt recalls its L9 lamp."];
    let item = |s: &str| format!(r#"{{"product": "{s}", "reason": "{s}"}}"#);
    let want = format!("[{}, {}]", item(k2), item(l9));
    assert_eq!(text(list, NEWS, JsonMode::Asked), want);
    assert_eq!(text(list, "Bolt sells lamps.", JsonMode::Object), "[]");
    assert_eq!(text(list, "", JsonMode::Asked), "[]");
    let object = r#"How many fires? Return {"what": string, "count": number}"#;
    let want = r#"{"what": "In May the Acme K2 kettle was recalled after 1,200 fires.", "count": 1200}"#;
    assert_eq!(text(object, NEWS, JsonMode::Asked), want);
    assert_eq!(text("Who sells \"lamps\"?", "\"Bolt\" sells.", JsonMode::Asked), r#"{"answer": "\"Bolt\" sells."}"#);
}

#[test]
fn json_under_a_limit_stays_json() {
    let list = "List recalls: [{product}]";
    let got = ask(&[(Role::System, list), (Role::User, NEWS)], JsonMode::Asked, Some(20)).text;
    assert!(serde_json::from_str::<Vec<serde_json::Value>>(&got).unwrap().len() < 2, "{got:?}");
}

#[test]
fn huge_data_is_sampled() {
    let start = Instant::now();
    let words = "recalled kettles and lamps, é ".repeat(2_000_000);
    let got = ask(&[(Role::System, &words), (Role::User, &words)], JsonMode::Asked, None);
    assert!(got.text.len() <= SAMPLE + 20 && start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(got.usage.input > 20_000_000);
}

#[test]
fn generic_words_are_in_stemmed_form() {
    for word in GENERIC.split_whitespace() {
        assert_eq!(stem(word.into()), word, "never matches");
    }
}

#[test]
fn a_schema_is_filled_with_the_best_sentences() {
    let request = |schema: &str, text: &str| Request {
        messages: vec![Message::new(Role::System, "Which products were recalled?"), Message::new(Role::User, text)],
        schema: Some(schema.into()),
        ..Request::default()
    };
    let schema = r#"{"type": "array", "items": {"type": "object", "properties": {"why": {"type": "string"}}}}"#;
    let got = answer(&request(schema, NEWS)).unwrap();
    let item = |s: &str| format!(r#"{{"why":"{s}"}}"#);
    let wanted = [item("In May the Acme K2 kettle was recalled after 1,200 fires."), item("Bolt recalls its L9 lamp.")];
    assert_eq!(&*got.text, format!("[{}]", wanted.join(",")));
    assert_eq!(answer(&request(schema, NEWS)).unwrap().text, got.text);
    for text in ["", NEWS] {
        let failure = answer(&request(r#"{"not": {}}"#, text)).unwrap_err();
        assert_eq!((failure.class, failure.model.as_deref()), (FailureClass::Schema, Some("offline")));
        assert_eq!(answer(&request("[]", text)).unwrap_err().class, FailureClass::BadRequest);
    }
}

#[tokio::test]
async fn an_answer_is_handed_out_word_by_word() {
    let (tell, told) = std::sync::mpsc::channel();
    let pieces = crate::llm::Pieces(std::sync::Arc::new(move |piece: &str| tell.send(piece.to_owned()).unwrap()));
    let messages = vec![Message::new(Role::User, "Bolt sells lamps.")];
    let request = Request { messages, pieces: Some(pieces), ..Request::default() };
    let answer = Offline.complete(&request).await.unwrap();
    drop(request);
    let pieces: Vec<String> = told.iter().collect();
    assert_eq!((pieces.len(), pieces.concat()), (3, answer.text.to_string()));
}

#[test]
fn an_image_alone_is_not_looked_at() {
    let mut message = Message::new(Role::User, "");
    message.images = vec![crate::llm::Image::Url("https://h/a.png".into())];
    let say = |message: &Message| {
        answer(&Request { messages: vec![message.clone()], ..Request::default() }).unwrap().text.to_string()
    };
    assert_eq!(say(&message), NO_EYES);
    message.text = "What is this?".into();
    assert_eq!(say(&message), "What is this?");
}
