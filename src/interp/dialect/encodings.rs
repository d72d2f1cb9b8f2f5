//! Bytes as text: Base 64, what goes into addresses and forms, and digests.

use super::{
    Entry,
    bytes::{bytes_of, made},
    given::mistaken,
    plain,
    strings::text,
    tower::natural,
};
use crate::interp::value::{Native, string};
use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use sha2::Sha224;
use steel::SteelVal;

pub(super) const TABLE: &[Entry] = &[
    plain!("%digest", "kind bytes", |v| {
        let bytes = bytes_of("%digest", &v[1])?;
        let ring = |kind| ring::digest::digest(kind, &bytes).as_ref().to_vec();
        Ok(made(match &v[0] {
            SteelVal::SymbolV(kind) if kind.as_str() == "md5" => Md5::digest(&bytes).to_vec(),
            SteelVal::SymbolV(kind) if kind.as_str() == "sha224" => Sha224::digest(&bytes).to_vec(),
            SteelVal::SymbolV(kind) if kind.as_str() == "sha1" => ring(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY),
            _ => ring(&ring::digest::SHA256),
        }))
    }),
    // In lines of 72, each with its end; one line when that is empty.
    plain!("base64-encode", "bytes [line-end]", |v| {
        let encoded = STANDARD.encode(bytes_of("base64-encode", &v[0])?).into_bytes();
        let end = v.get(1).map_or(Ok(b"\r\n".to_vec()), |end| bytes_of("base64-encode", end))?;
        Ok(made(encoded.chunks(72).flat_map(|line| line.iter().chain(&end)).copied().collect()))
    }),
    // What is no digit does not count, and `=` ends it.
    plain!("base64-decode", "bytes", |v| {
        let digit = |byte: u8| match byte {
            b'A'..=b'Z' => Some(byte - b'A'),
            b'a'..=b'z' => Some(byte - b'a' + 26),
            b'0'..=b'9' => Some(byte - b'0' + 52),
            b'+' => Some(62),
            b'/' => Some(63),
            _ => None,
        };
        let (mut bits, mut held, mut all) = (0u32, 0, Vec::new());
        for value in bytes_of("base64-decode", &v[0])?.into_iter().take_while(|byte| *byte != b'=').filter_map(digit) {
            bits = bits << 6 | u32::from(value);
            held += 6;
            if held >= 8 {
                held -= 8;
                all.push((bits >> held) as u8);
            }
        }
        Ok(made(all))
    }),
    // For NAME's messages, with KEPT as they are beside letters and digits, and a plus sign for a space or not.
    plain!("%percent-encode", "name text kept plus?", |v| {
        let name = named(&v[0]);
        let (given, kept) = (text(&name, &v[1])?, text(&name, &v[2])?);
        let plus = matches!(v[3], SteelVal::BoolV(true));
        let mut out = String::with_capacity(given.len());
        for byte in given.bytes() {
            match byte {
                b' ' if plus => out.push('+'),
                byte if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => out.push(char::from(byte)),
                byte => out.push_str(&format!("%{byte:02X}")),
            }
        }
        Ok(string(out))
    }),
    plain!("%percent-decode", "name text plus?", |v| decoded(
        &named(&v[0]),
        &v[1],
        matches!(v[2], SteelVal::BoolV(true))
    )),
    plain!("crypto-random-bytes", "count", |v| {
        let mut all = vec![0; natural("crypto-random-bytes", &v[0])?];
        let filled = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut all);
        filled.map(|()| made(all)).map_err(|_| mistaken("crypto-random-bytes", "a source of chance", &v[0]))
    }),
];

fn named(value: &SteelVal) -> String {
    crate::interp::print::displayed(value)
}

fn decoded(name: &str, value: &SteelVal, plus: bool) -> Native {
    let given = text(name, value)?.as_bytes();
    let digit = |at: usize| given.get(at).and_then(|byte| char::from(*byte).to_digit(16)).map(|digit| digit as u8);
    let (mut out, mut at) = (Vec::with_capacity(given.len()), 0);
    while let Some(byte) = given.get(at) {
        at += 1;
        match byte {
            b'+' if plus => out.push(b' '),
            // One digit does where no second one follows.
            b'%' => match (digit(at), digit(at + 1)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    at += 2;
                }
                (Some(low), None) => {
                    out.push(low);
                    at += 1;
                }
                _ => out.push(b'%'),
            },
            byte => out.push(*byte),
        }
    }
    Ok(string(String::from_utf8_lossy(&out).into_owned()))
}
