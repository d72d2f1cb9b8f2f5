//! Server-Sent Events out of bytes that are cut anywhere: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
//!
//! Only their data counts: names, ids and comments pass by. Not here: what the data means.

/// Where the data of an event grows until its blank line comes.
#[derive(Debug, Default)]
pub(in crate::llm) struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    /// Whether a line of data has come: an event without any is none.
    any: bool,
    /// Whether the last byte was `\r`: the `\n` after it ends no second line.
    after_cr: bool,
}

impl Events {
    /// Takes the next bytes, and calls `event` with the data of each event that is whole.
    pub(in crate::llm) fn feed<E>(
        &mut self,
        mut bytes: &[u8],
        event: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|b| matches!(b, b'\r' | b'\n')) else {
                self.line.extend_from_slice(bytes);
                return Ok(());
            };
            self.line.extend_from_slice(&bytes[..end]);
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line(event)?;
        }
        Ok(())
    }

    /// No more bytes come. Servers forget the last blank line; the standard would drop such an event.
    pub(in crate::llm) fn end<E>(&mut self, event: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.end_line(event)?;
        self.end_event(event)
    }

    /// How many bytes wait for the rest of their event.
    pub(in crate::llm) fn waiting(&self) -> usize {
        self.line.len() + self.data.len()
    }

    fn end_line<E>(&mut self, event: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let line = std::mem::take(&mut self.line);
        let bare = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
        if bare.is_empty() {
            self.end_event(event)?;
        } else if let Some(data) = bare.strip_prefix(b"data") {
            let data = match data {
                [] => Some(data),
                [b':', b' ', data @ ..] | [b':', data @ ..] => Some(data),
                _ => None,
            };
            if let Some(data) = data {
                if self.any {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(data);
                self.any = true;
            }
        }
        // Its room serves the next line.
        self.line = line;
        self.line.clear();
        Ok(())
    }

    fn end_event<E>(&mut self, event: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if std::mem::take(&mut self.any) {
            let result = event(&self.data);
            self.data.clear();
            return result;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(pieces: &[&[u8]]) -> Vec<String> {
        let (mut found, mut events) = (Vec::new(), Events::default());
        let mut keep = |data: &[u8]| {
            found.push(String::from_utf8(data.to_vec()).unwrap());
            Ok::<_, ()>(())
        };
        pieces.iter().for_each(|piece| events.feed(piece, &mut keep).unwrap());
        events.end(&mut keep).unwrap();
        assert_eq!(events.waiting(), 0);
        found
    }

    const STREAM: &str = "\u{feff}: hello\r\ndata: één 😀\r\n\r\nevent: x\ndata:a\ndata:  b\n\n\n:\nid: 7\nretry: 1\n\n\
                          data\r\rdatum: no\rdata: c\r\r\ndata: [DONE]";

    #[test]
    fn events_are_the_same_wherever_they_are_cut() {
        let wanted = ["één 😀", "a\n b", "", "c", "[DONE]"];
        let bytes = STREAM.as_bytes();
        for first in 0..bytes.len() {
            for second in first..bytes.len() {
                assert_eq!(events(&[&bytes[..first], &bytes[first..second], &bytes[second..]]), wanted);
            }
        }
        assert_eq!(events(&bytes.chunks(1).collect::<Vec<_>>()), wanted);
    }

    #[test]
    fn an_error_of_the_reader_ends_the_feed() {
        let mut events = Events::default();
        assert_eq!(events.feed(b"data: 1\n\ndata: 2\n\n", &mut |data| Err(data.to_vec())), Err(b"1".to_vec()));
    }
}
