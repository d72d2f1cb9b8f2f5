//! PDF, HTML and DOCX as contexts, and files that only say they are.

use crate::program::{Program, Ran, script};
use pdf_extract::{Document, EncryptionState, EncryptionVersion, Object, Permissions, StringFormat};
use std::io::Write;
use zip::{ZipWriter, write::SimpleFileOptions};

fn context(name: &str, bytes: impl AsRef<[u8]>) -> Program {
    script("context").file(name, bytes).args(&["--context", name])
}

/// Checks that a document was refused by name, and for this reason.
fn refused(ran: &Ran, name: &str, why: &str) {
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.stderr.starts_with("error: the ") && ran.stderr.contains(&format!("context `{name}` cannot be read: ")),
        "{ran:?}"
    );
    assert!(ran.stderr.contains(why) && ran.stderr.contains("\nhint: turn it into text"), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 2, "its reader has nothing to say: {ran:?}");
}

/// A PDF with a line of text on each page.
fn pdf(pages: &[&str]) -> String {
    let kids: String = (0..pages.len()).map(|n| format!("{} 0 R ", 4 + 2 * n)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", pages.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    for (n, text) in pages.iter().enumerate() {
        let content = format!("BT /F1 24 Tf 72 700 Td ({text}) Tj ET");
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
            5 + 2 * n
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
    }
    let (mut out, mut table) = ("%PDF-1.4\n".to_owned(), "0000000000 65535 f \n".to_owned());
    for (n, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", out.len());
        out += &format!("{} 0 obj\n{object}\nendobj\n", n + 1);
    }
    let (count, at) = (objects.len() + 1, out.len());
    out + &format!("xref\n0 {count}\n{table}trailer << /Size {count} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n")
}

fn encrypted(text: &str, password: &str) -> Vec<u8> {
    let mut document = Document::load_mem(pdf(&[text]).as_bytes()).unwrap();
    let id = || Object::String(vec![7; 16], StringFormat::Literal);
    document.trailer.set("ID", Object::Array(vec![id(), id()]));
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: password,
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    let mut out = Vec::new();
    document.save_to(&mut out).unwrap();
    out
}

fn docx(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_pdf_is_its_pages_text_behind_their_marks() {
    let text = "[page 1]\nFirst page\n\n[page 2]\n\n\n[page 3]\nThird";
    let pages = pdf(&["First page", "", "Third"]);
    assert_eq!(context("a.pdf", &pages).run().value(), text);
    assert_eq!(script("context").stdin(&pages).args(&["--context", "-"]).run().value(), text);
    assert_eq!(context("open.pdf", encrypted("No password", "")).run().value(), "[page 1]\nNo password");
}

#[test]
fn a_pdf_without_text_and_an_encrypted_one_say_so() {
    refused(&context("scan.pdf", pdf(&["", ""])).run(), "scan.pdf", "it holds no text, only pictures: a scan");
    refused(
        &context("shut.pdf", encrypted("Secret", "password")).run(),
        "shut.pdf",
        "it is encrypted and wants a password",
    );
}

#[test]
fn a_damaged_document_is_refused_by_name() {
    let whole = pdf(&["First page"]);
    refused(&context("half.pdf", &whole[..300]).run(), "half.pdf", "it may be damaged");
    refused(&context("text.pdf", "only text").run(), "text.pdf", "it may be damaged");
    // A page without a size: the reader panics.
    let odd = whole.replace("/MediaBox [0 0 612 792]", "                       ");
    refused(&context("odd.pdf", odd).run(), "odd.pdf", "it may be damaged");
    refused(&context("a.docx", "only text").run(), "a.docx", "it is no DOCX");
    refused(&context("b.docx", docx(&[("a.txt", "x")])).run(), "b.docx", "it has no `word/document.xml`");
    refused(
        &context("c.docx", docx(&[("word/document.xml", "<w:p><w:t>x</w:q>")])).run(),
        "c.docx",
        "it may be damaged",
    );
}

#[test]
fn html_keeps_its_headings_and_tables() {
    let html = "<html><head><title>T</title><script>no</script></head><body><h2>Head &amp; more</h2>
        <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>été</td></tr></table></body></html>";
    let text = "T\n\n## Head & more\n\n| a | b |\n| --- | --- |\n| 1 | été |";
    assert_eq!(context("a.html", html).run().value(), text);
    assert_eq!(script("context").stdin(html).args(&["--context", "-"]).run().value(), text);
    assert_eq!(context("a.txt", html).run().value(), html);
}

#[test]
fn docx_keeps_its_headings_tables_and_notes() {
    let styles =
        r#"<w:styles xmlns:w="w"><w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style></w:styles>"#;
    let body = r#"<w:document xmlns:w="w"><w:body>
        <w:p><w:pPr><w:pStyle w:val="berschrift2"/></w:pPr><w:r><w:t>Head &amp; more</w:t></w:r></w:p>
        <w:p><w:r><w:t xml:space="preserve">one </w:t><w:tab/><w:t>&#233;t&#xe9;</w:t></w:r><w:del><w:r><w:t>gone</w:t></w:r></w:del>
             <w:r><w:footnoteReference w:id="2"/></w:r></w:p>
        <w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>item</w:t></w:r></w:p>
        <w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr>
               <w:tr><w:tc><w:p><w:r><w:t>1</w:t></w:r></w:p><w:p><w:r><w:t>2</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
        </w:body></w:document>"#;
    let notes = r#"<w:footnotes xmlns:w="w"><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>
        <w:footnote w:id="2"><w:p><w:r><w:t>a note</w:t></w:r></w:p></w:footnote></w:footnotes>"#;
    let parts = [("word/styles.xml", styles), ("word/document.xml", body), ("word/footnotes.xml", notes)];
    let text = "## Head & more\n\none \tété[footnote 2]\n\n- item\n\n| a | b |\n| --- | --- |\n| 1 2 |  |\n\n[footnote 2] a note";
    assert_eq!(context("a.docx", docx(&parts)).run().value(), text);
}

#[test]
fn a_zip_bomb_is_refused_and_the_others_go_on() {
    let bomb = docx(&[("word/document.xml", &format!("<w:t>{}", "A".repeat(300 << 20)))]);
    assert!(bomb.len() < 1 << 20);
    refused(&context("bomb.docx", &bomb).run(), "bomb.docx", "its text is too large");
    let both = script("context").file("d/bomb.docx", &bomb).file("d/a.txt", "fine").args(&[
        "--context",
        "d",
        "--skip-unreadable",
    ]);
    let ran = both.run();
    assert_eq!(ran.value(), "(fine)");
    assert!(ran.stderr.starts_with("note: the DOCX context `d/bomb.docx` cannot be read"), "{ran:?}");
}

#[test]
fn html_that_fills_memory_ends_its_reader_alone() {
    // Each element takes far more memory than the three bytes that make it.
    let html = "<p>".repeat(20 << 20);
    refused(&context("huge.html", html).run(), "huge.html", "reading it takes more than 1024 MB of memory");
}
