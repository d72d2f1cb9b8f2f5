//! Procedures as values, boxes, truth, time.

use super::{
    Entry,
    given::{mistaken, plain},
};
use crate::interp::{
    ledger::clock,
    value::{Native, symbol},
};
use std::{sync::OnceLock, time::Instant};
use steel::{SteelVal, gc::ShareableMut};

pub(super) const TABLE: &[Entry] = &[
    plain!("procedure?", "value", |args| is(is_procedure(&args[0]))),
    plain!("function?", "value", |args| is(is_procedure(&args[0]))),
    plain!("void?", "value", |args| is(matches!(args[0], SteelVal::Void))),
    plain!("boolean=?", "a b ...", |args| {
        let mut all = args.iter();
        if let Some(other) = all.find(|value| !matches!(value, SteelVal::BoolV(_))) {
            return Err(mistaken("boolean=?", "boolean?", other));
        }
        is(args.windows(2).all(|pair| pair[0] == pair[1]))
    }),
    plain!("xor", "a b", |args| Ok(match (args[0].is_truthy(), args[1].is_truthy()) {
        (true, false) => args[0].clone(),
        (false, true) => args[1].clone(),
        _ => SteelVal::BoolV(false),
    })),
    plain!("box?", "value", |args| is(matches!(args[0], SteelVal::HeapAllocated(_) | SteelVal::Boxed(_)))),
    plain!("set-box!", "box value", |args| match &args[0] {
        SteelVal::HeapAllocated(held) => {
            held.set_and_return(args[1].clone());
            Ok(SteelVal::Void)
        }
        SteelVal::Boxed(held) => {
            *held.write() = args[1].clone();
            Ok(SteelVal::Void)
        }
        other => Err(mistaken("set-box!", "(and/c box? (not/c immutable?))", other)),
    }),
    plain!("current-seconds", "", |_| Ok(SteelVal::IntV(clock().as_secs() as isize))),
    plain!("current-milliseconds", "", |_| Ok(SteelVal::IntV(clock().as_millis() as isize))),
    plain!("current-inexact-milliseconds", "", |_| Ok(SteelVal::NumV(clock().as_secs_f64() * 1000.0))),
    plain!("current-inexact-monotonic-milliseconds", "", |_| Ok(SteelVal::NumV(running().as_secs_f64() * 1000.0))),
    plain!("current-process-milliseconds", "", |_| Ok(SteelVal::IntV(running().as_millis() as isize))),
    plain!("current-gc-milliseconds", "", |_| Ok(SteelVal::IntV(0))),
    plain!("current-memory-use", "", |_| Ok(SteelVal::IntV(0))),
    // R7RS's clock.
    plain!("current-second", "", |_| Ok(SteelVal::NumV(clock().as_secs_f64()))),
    plain!("current-jiffy", "", |_| Ok(SteelVal::IntV(running().as_micros() as isize))),
    plain!("jiffies-per-second", "", |_| Ok(SteelVal::IntV(1_000_000))),
    plain!("runtime", "", |_| Ok(SteelVal::NumV(running().as_secs_f64()))),
    // Nobody listens.
    plain!("log-debug", "message ...", |_| super::given::NOTHING),
    plain!("log-info", "message ...", |_| super::given::NOTHING),
    plain!("log-warning", "message ...", |_| super::given::NOTHING),
    plain!("log-fatal", "message ...", |_| super::given::NOTHING),
    plain!("log-error", "message ...", |_| super::given::NOTHING),
    plain!("collect-garbage", "[kind]", |_| super::given::NOTHING),
    plain!("version", "", |_| Ok(crate::interp::value::string("8.7"))),
    plain!("system-type", "[mode]", |_| Ok(symbol("unix"))),
];

fn is(truth: bool) -> Native {
    Ok(SteelVal::BoolV(truth))
}

/// Whether a value can be called.
pub(super) fn is_procedure(value: &SteelVal) -> bool {
    value.is_function() || matches!(value, SteelVal::ContinuationFunction(_)) || super::records::applicable(value)
}

/// How long this process has been asked for times.
fn running() -> std::time::Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
