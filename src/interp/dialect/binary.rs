//! Numbers as bytes hold them.

use super::{
    Entry,
    bytes::{made, part_of},
    given::{failed, mistaken},
    plain,
    tower::{exact_integer, integer, real, truth},
};
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use steel::SteelVal;

pub(super) const TABLE: &[Entry] = &[
    plain!("system-big-endian?", "", |_| truth(cfg!(target_endian = "big"))),
    plain!("integer->integer-bytes", "number size signed? [big-endian?]", |v| {
        let name = "integer->integer-bytes";
        let number = exact_integer(name, &v[0])?;
        let size = match &v[1] {
            SteelVal::IntV(size @ (1 | 2 | 4 | 8)) => *size as usize,
            other => return Err(mistaken(name, "(or/c 1 2 4 8)", other)),
        };
        let signed = is_true(&v[2]);
        let least = if signed { -(BigInt::from(1) << (size * 8 - 1)) } else { BigInt::from(0) };
        let most = (BigInt::from(1) << (size * 8 - usize::from(signed))) - 1;
        if number < least || number > most {
            let kind = if signed { "signed" } else { "unsigned" };
            return Err(failed(format!("{name}: integer does not fit into {size} {kind} bytes\n  integer: {number}")));
        }
        let low = number.to_i128().unwrap_or_default().to_le_bytes();
        Ok(made(ordered(low[..size].to_vec(), v.get(3))))
    }),
    plain!("integer-bytes->integer", "bytes signed? [big-endian? start end]", |v| {
        let bytes = part_of("integer-bytes->integer", &v[0], v.get(3), v.get(4))?;
        if ![1, 2, 4, 8].contains(&bytes.len()) {
            return Err(failed("integer-bytes->integer: the bytes are not 1, 2, 4, or 8 in number"));
        }
        let bytes = ordered(bytes, v.get(2));
        let negative = is_true(&v[1]) && bytes.last().is_some_and(|last| last & 0x80 != 0);
        let mut wide = [if negative { 0xFF } else { 0 }; 16];
        wide[..bytes.len()].copy_from_slice(&bytes);
        Ok(integer(i128::from_le_bytes(wide).into()))
    }),
    plain!("real->floating-point-bytes", "number size [big-endian?]", |v| {
        let name = "real->floating-point-bytes";
        let number = real(name, &v[0])?.float();
        let bytes = match &v[1] {
            SteelVal::IntV(4) => (number as f32).to_le_bytes().to_vec(),
            SteelVal::IntV(8) => number.to_le_bytes().to_vec(),
            other => return Err(mistaken(name, "(or/c 4 8)", other)),
        };
        Ok(made(ordered(bytes, v.get(2))))
    }),
    plain!("floating-point-bytes->real", "bytes [big-endian? start end]", |v| {
        let bytes = ordered(part_of("floating-point-bytes->real", &v[0], v.get(2), v.get(3))?, v.get(1));
        let number = match (<[u8; 4]>::try_from(&bytes[..]), <[u8; 8]>::try_from(&bytes[..])) {
            (Ok(four), _) => f64::from(f32::from_le_bytes(four)),
            (_, Ok(eight)) => f64::from_le_bytes(eight),
            _ => return Err(failed("floating-point-bytes->real: the bytes are not 4 or 8 in number")),
        };
        Ok(SteelVal::NumV(number))
    }),
];

fn is_true(value: &SteelVal) -> bool {
    !matches!(value, SteelVal::BoolV(false))
}

/// Bytes whose lowest comes first, in the order that is asked for; and back.
fn ordered(mut bytes: Vec<u8>, big: Option<&SteelVal>) -> Vec<u8> {
    if big.map_or(cfg!(target_endian = "big"), is_true) {
        bytes.reverse();
    }
    bytes
}
