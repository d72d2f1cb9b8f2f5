//! PDF: the text of each page, behind a line `[page N]`.

use pdf_extract::{Document, Error, OutputError, PlainTextOutput, output_doc_page};

pub(super) fn text(document: &[u8]) -> Result<String, String> {
    let mut document = Document::load_mem(document).map_err(|e| told(&e))?;
    if document.is_encrypted() {
        // Many that may not be printed or copied open without a password.
        document.decrypt("").map_err(|_| encrypted())?;
    }
    let pages = document.get_pages();
    if pages.is_empty() {
        return Err("it has no pages; it may be damaged".into());
    }
    let mut out = String::new();
    let mut anything = false;
    for page in pages.keys() {
        let mut text = String::new();
        output_doc_page(&document, &mut PlainTextOutput::new(&mut text), *page).map_err(|e| match e {
            OutputError::PdfError(e) => format!("page {page}: {}", told(&e)),
            other => format!("page {page}: {other}"),
        })?;
        let text = text.trim();
        anything |= !text.is_empty();
        out += &format!("[page {page}]\n{text}\n\n");
        if out.len() > super::MAX_TEXT {
            break;
        }
    }
    if !anything {
        return Err("it holds no text, only pictures: a scan; recognise its text first (`ocrmypdf`)".into());
    }
    out.truncate(out.trim_end().len() + 1);
    Ok(out)
}

fn encrypted() -> String {
    "it is encrypted and wants a password (`qpdf --decrypt --password=… IN OUT` makes one that does not)".into()
}

fn told(error: &Error) -> String {
    match error {
        Error::Decryption(_) | Error::InvalidPassword => encrypted(),
        other => format!("it may be damaged ({other})"),
    }
}
