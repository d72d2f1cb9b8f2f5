//! `equal?`, `eqv?` and `eq?` as Racket has them, and hash codes that agree with them.
//!
//! Steel's own `equal?` takes lists that share a part for equal when they are not, sets always, and rationals within a
//! list never; its `eq?` tells a symbol that was made from a string from the same symbol in the program.

use super::{
    Entry,
    hashes::{self, Kind},
    mpairs, plain, records,
};
use crate::interp::value::with_bytes;
use std::{
    collections::HashSet,
    hash::{Hash, Hasher},
};
use steel::{
    SteelVal,
    gc::{Gc, ShareableMut},
    rvals::CustomType,
};

pub(super) const TABLE: &[Entry] = &[
    plain!("equal?", "a b", |args| Ok(SteelVal::BoolV(equal(&args[0], &args[1])))),
    plain!("eqv?", "a b", |args| Ok(SteelVal::BoolV(eqv(&args[0], &args[1])))),
    plain!("eq?", "a b", |args| Ok(SteelVal::BoolV(eq(&args[0], &args[1])))),
    plain!("equal-hash-code", "value", |args| Ok(code(Kind::Equal, &args[0]))),
    plain!("equal-hash", "value", |args| Ok(code(Kind::Equal, &args[0]))),
    plain!("eqv-hash-code", "value", |args| Ok(code(Kind::Eqv, &args[0]))),
    plain!("eq-hash-code", "value", |args| Ok(code(Kind::Eq, &args[0]))),
];

fn code(kind: Kind, value: &SteelVal) -> SteelVal {
    SteelVal::IntV((hash(kind, value) >> 2) as isize)
}

/// Below this depth, pairs of things that can hold themselves are remembered.
const WARY: usize = 200;

/// Whether two values have the same contents.
pub(crate) fn equal(a: &SteelVal, b: &SteelVal) -> bool {
    at_once(a, b).unwrap_or_else(|| Comparison::default().equal(a, b))
}

/// Whether two values of which one at least holds no others are the same.
fn at_once(a: &SteelVal, b: &SteelVal) -> Option<bool> {
    use SteelVal::*;
    match (a, b) {
        (StringV(a), StringV(b)) => Some(a == b),
        (IntV(_) | NumV(_) | BoolV(_) | CharV(_) | SymbolV(_) | Void, _)
        | (Rational(_) | BigNum(_) | BigRational(_) | Complex(_), _) => Some(eqv(a, b)),
        _ => None,
    }
}

/// Whether two values cannot be told apart, but for numbers and characters, which are never the same place in memory.
pub(crate) fn eqv(a: &SteelVal, b: &SteelVal) -> bool {
    use SteelVal::*;
    match (a, b) {
        (NumV(a), NumV(b)) => same_float(*a, *b),
        // Steel's own comparison is made for what may hold itself.
        (IntV(a), IntV(b)) => a == b,
        (BoolV(a), BoolV(b)) => a == b,
        (CharV(a), CharV(b)) => a == b,
        (SymbolV(a), SymbolV(b)) => a.as_str() == b.as_str(),
        (Complex(_), Complex(_)) => super::numerals::text(a) == super::numerals::text(b),
        (IntV(_), BigNum(_)) | (Rational(_) | BigNum(_) | BigRational(_) | Complex(_), _) => a == b,
        (IntV(_) | BoolV(_) | CharV(_) | SymbolV(_), _) => false,
        (Void, Void) => true,
        _ => same_place(a, b),
    }
}

/// As [`eqv`], but numbers too large for a machine word, and ratios, are told apart by where they are.
pub(crate) fn eq(a: &SteelVal, b: &SteelVal) -> bool {
    use SteelVal::*;
    match (a, b) {
        (BigNum(a), BigNum(b)) => Gc::ptr_eq(a, b),
        (BigRational(a), BigRational(b)) => Gc::ptr_eq(a, b),
        _ => eqv(a, b),
    }
}

fn same_float(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// Whether two values are the very same one in memory.
fn same_place(a: &SteelVal, b: &SteelVal) -> bool {
    use SteelVal::*;
    match (a, b) {
        (Pair(a), Pair(b)) => Gc::ptr_eq(a, b),
        // The empty vector is one, as the empty string.
        (VectorV(a), VectorV(b)) => std::ptr::eq(&**a, &**b) || (a.is_empty() && b.is_empty()),
        (MutableVector(a), MutableVector(b)) => {
            a.as_ptr_usize() == b.as_ptr_usize() || (a.borrow(Vec::is_empty) && b.borrow(Vec::is_empty))
        }
        (VectorV(a), MutableVector(b)) | (MutableVector(b), VectorV(a)) => a.is_empty() && b.borrow(Vec::is_empty),
        (HashMapV(a), HashMapV(b)) => std::ptr::eq(&**a, &**b),
        (CustomStruct(a), CustomStruct(b)) => Gc::ptr_eq(a, b),
        (Custom(a), Custom(b)) => Gc::ptr_eq(a, b),
        (Closure(a), Closure(b)) => Gc::ptr_eq(a, b),
        (BoxedFunction(a), BoxedFunction(b)) => Gc::ptr_eq(a, b),
        (FuncV(a), FuncV(b)) => std::ptr::fn_addr_eq(*a, *b),
        (MutFunc(a), MutFunc(b)) => std::ptr::fn_addr_eq(*a, *b),
        (BuiltIn(a), BuiltIn(b)) => *a as usize == *b as usize,
        (HeapAllocated(a), HeapAllocated(b)) => a.as_ptr_usize() == b.as_ptr_usize(),
        (Boxed(a), Boxed(b)) => Gc::ptr_eq(a, b),
        // The empty string is one; others are where they were made.
        (StringV(a), StringV(b)) => std::ptr::eq(a.as_str(), b.as_str()) || (a.is_empty() && b.is_empty()),
        // Where its elements lie, from which on, and what follows them: the same for each `cdr` of a list.
        (ListV(a), ListV(b)) => {
            let alike = || a.len() == b.len() && a.next_ptr_as_usize() == b.next_ptr_as_usize();
            (a.is_empty() && b.is_empty()) || a.identity_tuple() == b.identity_tuple() && alike()
        }
        _ => false,
    }
}

#[derive(Default)]
struct Comparison {
    depth: usize,
    /// Pairs that are being compared: met again, they are as equal as the rest.
    seen: HashSet<(usize, usize)>,
}

impl Comparison {
    fn equal(&mut self, a: &SteelVal, b: &SteelVal) -> bool {
        use SteelVal::*;
        if let Some(same) = at_once(a, b) {
            return same;
        }
        if same_place(a, b) {
            return true;
        }
        self.depth += 1;
        let equal = match (a, b) {
            (ListV(a), ListV(b)) => a.len() == b.len() && self.all(a.iter(), b.iter()),
            (Pair(first), Pair(second)) => {
                let (mut a, mut b) = (first, second);
                loop {
                    if !self.equal(a.car_ref(), b.car_ref()) {
                        break false;
                    }
                    match (a.cdr_ref(), b.cdr_ref()) {
                        (Pair(next), Pair(other)) => (a, b) = (next, other),
                        (a, b) => break self.equal(a, b),
                    }
                }
            }
            (VectorV(a), VectorV(b)) => a.len() == b.len() && self.all(a.iter(), b.iter()),
            (VectorV(a), MutableVector(b)) => b.borrow(|b| a.len() == b.len() && self.all(a.iter(), b.iter())),
            (MutableVector(a), VectorV(b)) => a.borrow(|a| a.len() == b.len() && self.all(a.iter(), b.iter())),
            (MutableVector(a), MutableVector(b)) => {
                self.held(a.as_ptr_usize(), b.as_ptr_usize())
                    || a.borrow(|a| b.borrow(|b| a.len() == b.len() && self.all(a.iter(), b.iter())))
            }
            (HeapAllocated(a), HeapAllocated(b)) => {
                self.held(a.as_ptr_usize(), b.as_ptr_usize()) || a.borrow(|a| b.borrow(|b| self.equal(a, b)))
            }
            (Boxed(a), Boxed(b)) => {
                self.held(a.as_ptr() as usize, b.as_ptr() as usize) || self.equal(&a.read(), &b.read())
            }
            (ByteVector(a), ByteVector(b)) => with_bytes(a, |a| with_bytes(b, |b| a == b)),
            (HashMapV(_), _) => hashes::equal(a, b, &mut |a, b| self.equal(a, b)).unwrap_or(false),
            (CustomStruct(left), CustomStruct(right)) => {
                self.held(left.as_ptr() as usize, right.as_ptr() as usize)
                    || hashes::equal(a, b, &mut |a, b| self.equal(a, b))
                        .or_else(|| mpairs::equal(a, b, &mut |a, b| self.equal(a, b)))
                        .or_else(|| records::equal(a, b, &mut |a, b| self.equal(a, b)))
                        .unwrap_or_else(|| a == b)
            }
            (Custom(a), Custom(b)) => {
                let (a, b) = (a.read(), b.read());
                let (a, b): (&dyn CustomType, &dyn CustomType) = (a.as_ref(), b.as_ref());
                a.inner_type_id() == b.inner_type_id() && a.check_equality_hint(b)
            }
            _ => false,
        };
        self.depth -= 1;
        equal
    }

    fn all<'a>(&mut self, a: impl Iterator<Item = &'a SteelVal>, mut b: impl Iterator<Item = &'a SteelVal>) -> bool {
        a.zip(&mut b).all(|(a, b)| self.equal(a, b))
    }

    /// Whether two things are being compared already.
    fn held(&mut self, a: usize, b: usize) -> bool {
        self.depth > WARY && !self.seen.insert((a, b))
    }
}

/// A hash code: values that are the same by `kind` have the same.
pub(crate) fn hash(kind: Kind, value: &SteelVal) -> u64 {
    let mut hasher = Mixer(0x51_7c_c1_b7_27_22_0a_95);
    match (kind, value) {
        // By far the most, beside strings.
        (_, SteelVal::IntV(n)) => hasher.write_u64(*n as u64),
        (Kind::Equal, value) => contents(value, &mut hasher, 0),
        (Kind::Eqv | Kind::Eq, value) => place(value, &mut hasher),
    }
    hasher.finish()
}

/// How deep hash codes look.
const DEEP: usize = 64;

fn contents(value: &SteelVal, out: &mut Mixer, depth: usize) {
    use SteelVal::*;
    if depth > DEEP {
        return;
    }
    let all = |items: &mut dyn Iterator<Item = &SteelVal>, out: &mut Mixer| {
        items.for_each(|item| contents(item, out, depth + 1));
    };
    match value {
        StringV(text) => out.write(text.as_bytes()),
        ListV(items) => {
            out.write_u64(items.len() as u64);
            all(&mut items.iter(), out);
        }
        Pair(pair) => {
            contents(pair.car_ref(), out, depth + 1);
            contents(pair.cdr_ref(), out, depth + 1);
        }
        VectorV(items) => all(&mut items.iter(), out),
        MutableVector(items) => items.borrow(|items| all(&mut items.iter(), out)),
        HeapAllocated(content) => content.borrow(|content| contents(content, out, depth + 1)),
        Boxed(content) => contents(&content.read(), out, depth + 1),
        ByteVector(held) => with_bytes(held, |bytes| out.write(bytes)),
        HashMapV(_) | CustomStruct(_) => {
            // Their order is not known: the codes of the entries are added up.
            if let Some(pairs) = hashes::entries(value) {
                out.write_u64(pairs.iter().fold(0, |sum, (key, value)| sum.wrapping_add(entry(key, value, depth))));
            } else if let Some(pair) = mpairs::parts(value) {
                all(&mut pair.iter(), out);
            } else if let Some(fields) = records::contents(value) {
                all(&mut fields.iter(), out);
            } else if records::is_record(value) {
                place(value, out);
            }
        }
        // What Python's and our own values are equal by is known to them alone.
        Custom(_) => {}
        other => place(other, out),
    }
}

fn entry(key: &SteelVal, value: &SteelVal, depth: usize) -> u64 {
    let mut hasher = Mixer(1);
    contents(key, &mut hasher, depth + 1);
    contents(value, &mut hasher, depth + 1);
    hasher.finish()
}

fn place(value: &SteelVal, out: &mut Mixer) {
    use SteelVal::*;
    match value {
        IntV(n) => out.write_u64(*n as u64),
        NumV(n) if n.is_nan() => out.write_u64(0x7ff8),
        NumV(n) => out.write_u64(n.to_bits()),
        BoolV(b) => out.write_u64(u64::from(*b) + 2),
        CharV(c) => out.write_u64(u64::from(*c) << 32),
        SymbolV(name) => out.write(name.as_bytes()),
        Rational(n) => n.hash(out),
        BigNum(n) => n.hash(out),
        BigRational(n) => n.hash(out),
        Pair(p) => out.write_u64(p.as_ptr() as u64),
        MutableVector(items) if items.borrow(Vec::is_empty) => out.write_u64(0),
        VectorV(items) if items.is_empty() => out.write_u64(0),
        MutableVector(items) => out.write_u64(items.as_ptr_usize() as u64),
        VectorV(items) => out.write_u64(std::ptr::from_ref(&**items) as u64),
        CustomStruct(held) => out.write_u64(held.as_ptr() as u64),
        Custom(held) => out.write_u64(held.as_ptr() as u64),
        Closure(held) => out.write_u64(held.as_ptr() as u64),
        BoxedFunction(held) => out.write_u64(held.as_ptr() as u64),
        HeapAllocated(held) => out.write_u64(held.as_ptr_usize() as u64),
        Boxed(held) => out.write_u64(held.as_ptr() as u64),
        // Strings and lists that are the same place are as long.
        StringV(text) => out.write_u64(text.len() as u64),
        ListV(items) if items.is_empty() => out.write_u64(0),
        ListV(items) => {
            let (elements, from) = items.identity_tuple();
            out.write_u64(elements as u64);
            out.write_u64(from as u64);
        }
        _ => {}
    }
}

/// A hasher that costs a multiplication for eight bytes. Nobody outside chooses the keys of a script's hash.
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.write_u64(u64::from_le_bytes(chunk.try_into().unwrap_or_default()));
        }
        let mut last = [0; 8];
        last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
        self.write_u64(u64::from_le_bytes(last) ^ ((bytes.len() as u64) << 56));
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(23) ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        let n = self.0 ^ (self.0 >> 32);
        n.wrapping_mul(0xd6e8_feb8_6659_fd93) ^ (n >> 29)
    }
}
