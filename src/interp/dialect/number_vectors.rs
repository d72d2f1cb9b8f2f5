//! Vectors of one kind of number: `fxvector` and `flvector`, and their kin.

use super::{
    Entry,
    given::{NOTHING, failed, misplaced, mistaken},
    plain,
    tower::{natural, optional_natural, truth},
};
use crate::interp::{
    print,
    value::{Native, custom},
};
use std::cell::RefCell;
use steel::{
    SteelErr, SteelVal,
    gc::ShareableMut,
    rvals::{Custom, CustomType, as_underlying_type},
};

/// What its numbers are.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Fixnums,
    Flonums,
}

impl Kind {
    /// What Racket calls such a vector.
    fn name(self) -> &'static str {
        match self {
            Self::Fixnums => "fxvector",
            Self::Flonums => "flvector",
        }
    }

    fn holds(self, value: &SteelVal) -> bool {
        match self {
            Self::Fixnums => matches!(value, SteelVal::IntV(n) if (-(1 << 60)..1 << 60).contains(n)),
            Self::Flonums => matches!(value, SteelVal::NumV(_)),
        }
    }

    fn check(self, name: &str, value: &SteelVal) -> Result<(), SteelErr> {
        let expected = match self {
            Self::Fixnums => "fixnum?",
            Self::Flonums => "flonum?",
        };
        if self.holds(value) { Ok(()) } else { Err(mistaken(name, expected, value)) }
    }
}

/// Nothing but numbers that fit a machine word is in it, so that the collector need not see them.
struct Numbers {
    kind: Kind,
    items: RefCell<Vec<SteelVal>>,
}

impl Custom for Numbers {
    fn fmt(&self) -> Option<Result<String, std::fmt::Error>> {
        let items: Vec<String> = self.items.borrow().iter().map(print::written).collect();
        let mark = match self.kind {
            Kind::Fixnums => "#fx",
            Kind::Flonums => "#fl",
        };
        Some(Ok(format!("{mark}({})", items.join(" "))))
    }

    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other).is_some_and(|other| {
            let (a, b) = (self.items.borrow(), other.items.borrow());
            self.kind == other.kind && a.len() == b.len() && a.iter().zip(&*b).all(|(a, b)| super::equality::eqv(a, b))
        })
    }
}

/// What such a vector's call is named, and its numbers; none when it is none.
pub(crate) fn parts(value: &SteelVal) -> Option<(&'static str, Vec<SteelVal>)> {
    with(value, |numbers| (numbers.kind.name(), numbers.items.borrow().clone()))
}

fn with<R>(value: &SteelVal, f: impl FnOnce(&Numbers) -> R) -> Option<R> {
    let SteelVal::Custom(held) = value else { return None };
    as_underlying_type::<Numbers>(held.read().as_ref()).map(f)
}

/// Looks into one of a kind.
fn of<R>(name: &str, kind: Kind, value: &SteelVal, f: impl FnOnce(&mut Vec<SteelVal>) -> R) -> Result<R, SteelErr> {
    let looked = with(value, |numbers| (numbers.kind == kind).then(|| f(&mut numbers.items.borrow_mut())));
    looked.flatten().ok_or_else(|| mistaken(name, &format!("{}?", kind.name()), value))
}

fn made(kind: Kind, items: Vec<SteelVal>) -> Native {
    Ok(custom(Numbers { kind, items: RefCell::new(items) }))
}

fn of_items(kind: Kind, v: &[SteelVal]) -> Native {
    v.iter().try_for_each(|item| kind.check(kind.name(), item))?;
    made(kind, v.to_vec())
}

fn of_size(name: &str, kind: Kind, v: &[SteelVal]) -> Native {
    let size = match &v[0] {
        SteelVal::IntV(n) if (0..1 << 32).contains(n) => *n as usize,
        other => return Err(mistaken(name, &format!("valid-{}-length?", kind.name()), other)),
    };
    let zero = match kind {
        Kind::Fixnums => SteelVal::IntV(0),
        Kind::Flonums => SteelVal::NumV(0.0),
    };
    let fill = v.get(1).unwrap_or(&zero);
    kind.check(name, fill)?;
    made(kind, vec![fill.clone(); size])
}

fn outside(name: &str, kind: Kind, v: &[SteelVal]) -> SteelErr {
    let last = of(name, kind, &v[0], |items| items.len() as isize - 1).unwrap_or_default();
    match &v[1] {
        SteelVal::IntV(0..) if last < 0 => failed(format!(
            "{name}: index is out of range for empty {}\n  index: {}",
            kind.name(),
            print::clipped(&v[1])
        )),
        SteelVal::IntV(0..) => failed(format!(
            "{name}: index is out of range\n  index: {}\n  valid range: [0, {last}]\n  {}: {}",
            print::clipped(&v[1]),
            kind.name(),
            print::clipped(&v[0])
        )),
        _ => misplaced(name, "exact-nonnegative-integer?", v, 1),
    }
}

fn get(name: &str, kind: Kind, v: &[SteelVal]) -> Native {
    let at = match &v[1] {
        SteelVal::IntV(at) => usize::try_from(*at).ok(),
        _ => None,
    };
    let found = of(name, kind, &v[0], |items| items.get(at?).cloned())?;
    found.ok_or_else(|| outside(name, kind, v))
}

fn set(name: &str, kind: Kind, v: &[SteelVal]) -> Native {
    let at = match &v[1] {
        SteelVal::IntV(at) => usize::try_from(*at).ok(),
        _ => None,
    };
    kind.check(name, &v[2])?;
    let put = |items: &mut Vec<SteelVal>| at.and_then(|at| items.get_mut(at)).map(|place| *place = v[2].clone());
    of(name, kind, &v[0], put)?.ok_or_else(|| outside(name, kind, v))?;
    NOTHING
}

fn length(name: &str, kind: Kind, v: &[SteelVal]) -> Native {
    of(name, kind, &v[0], |items| SteelVal::IntV(items.len() as isize))
}

/// Some of it, or all.
fn some(name: &str, kind: Kind, v: &[SteelVal]) -> Result<Vec<SteelVal>, SteelErr> {
    let all = of(name, kind, &v[0], |items| items.clone())?;
    let start = v.get(1).map_or(Ok(0), |at| natural(name, at))?;
    let end = optional_natural(name, v.get(2))?.unwrap_or(all.len());
    let wrong = |which: &str, at: usize, least: usize| {
        failed(format!(
            "{name}: {which} index is out of range\n  {which} index: {at}\n  valid range: [{least}, {}]\n  {}: {}",
            all.len(),
            kind.name(),
            print::clipped(&v[0])
        ))
    };
    if start > all.len() {
        return Err(wrong("starting", start, 0));
    }
    all.get(start..end).map(<[_]>::to_vec).ok_or_else(|| wrong("ending", end, start))
}

/// As `in-vector`: with a step, or without.
fn walked(name: &str, kind: Kind, v: &[SteelVal]) -> Native {
    let step = v.get(3).map_or(Ok(1), |step| natural(name, step))?.max(1);
    Ok(SteelVal::ListV(some(name, kind, &v[..v.len().min(3)])?.into_iter().step_by(step).collect()))
}

fn is(kind: Kind, value: &SteelVal) -> Native {
    truth(with(value, |numbers| numbers.kind == kind).unwrap_or(false))
}

pub(super) const TABLE: &[Entry] = &[
    plain!("fxvector", "number ...", |v| of_items(Kind::Fixnums, v)),
    plain!("flvector", "number ...", |v| of_items(Kind::Flonums, v)),
    plain!("shared-fxvector", "number ...", |v| of_items(Kind::Fixnums, v)),
    plain!("shared-flvector", "number ...", |v| of_items(Kind::Flonums, v)),
    plain!("make-fxvector", "size [fill]", |v| of_size("make-fxvector", Kind::Fixnums, v)),
    plain!("make-flvector", "size [fill]", |v| of_size("make-flvector", Kind::Flonums, v)),
    plain!("make-shared-fxvector", "size [fill]", |v| of_size("make-shared-fxvector", Kind::Fixnums, v)),
    plain!("make-shared-flvector", "size [fill]", |v| of_size("make-shared-flvector", Kind::Flonums, v)),
    plain!("fxvector?", "value", |v| is(Kind::Fixnums, &v[0])),
    plain!("flvector?", "value", |v| is(Kind::Flonums, &v[0])),
    plain!("fxvector-length", "fxvector", |v| length("fxvector-length", Kind::Fixnums, v)),
    plain!("flvector-length", "flvector", |v| length("flvector-length", Kind::Flonums, v)),
    plain!("fxvector-ref", "fxvector index", |v| get("fxvector-ref", Kind::Fixnums, v)),
    plain!("flvector-ref", "flvector index", |v| get("flvector-ref", Kind::Flonums, v)),
    plain!("fxvector-set!", "fxvector index number", |v| set("fxvector-set!", Kind::Fixnums, v)),
    plain!("flvector-set!", "flvector index number", |v| set("flvector-set!", Kind::Flonums, v)),
    plain!("fxvector-copy", "fxvector [start end]", |v| {
        made(Kind::Fixnums, some("fxvector-copy", Kind::Fixnums, v)?)
    }),
    plain!("flvector-copy", "flvector [start end]", |v| {
        made(Kind::Flonums, some("flvector-copy", Kind::Flonums, v)?)
    }),
    plain!("in-fxvector", "fxvector [start end step]", |v| walked("in-fxvector", Kind::Fixnums, v)),
    // As near as half the bits come.
    plain!("flsingle", "number", |v| match v[0] {
        SteelVal::NumV(n) => Ok(SteelVal::NumV(f64::from(n as f32))),
        _ => Err(mistaken("flsingle", "flonum?", &v[0])),
    }),
    plain!("in-flvector", "flvector [start end step]", |v| walked("in-flvector", Kind::Flonums, v)),
];
