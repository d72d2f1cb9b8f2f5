//! A call's texts and images, one after the other in the tail of its frame.

use crate::{
    llm::{Image, Text},
    wire::{ImageHead, WireError},
};
use bytes::Bytes;

/// What is left of a call's tail.
pub(super) struct Tail(pub(super) Bytes);

impl Tail {
    fn take(&mut self, len: u32) -> Result<Bytes, WireError> {
        let len = len as usize;
        if len > self.0.len() { Err(WireError::Size(len)) } else { Ok(self.0.split_to(len)) }
    }

    pub(super) fn text(&mut self, len: u32) -> Result<Text, WireError> {
        Text::new(self.take(len)?).map_err(|_| WireError::Utf8)
    }

    pub(super) fn optional(&mut self, len: u32) -> Result<Option<Text>, WireError> {
        if len == 0 { Ok(None) } else { self.text(len).map(Some) }
    }

    pub(super) fn image(&mut self, head: ImageHead) -> Result<Image, WireError> {
        Ok(match head {
            ImageHead::Url(len) => Image::Url(self.text(len)?),
            ImageHead::Bytes { mime, len } => Image::Bytes { mime: mime.into(), bytes: self.take(len)? },
        })
    }
}
