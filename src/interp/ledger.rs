//! What the program's calls took: budgets of its own, the trace, and what it was started with.
//!
//! A script's budget is a parameter (`prelude/budgets.scm`) whose value is a [`Scope`]; a call is charged to every scope
//! that is bound where it is made. The host counts for itself, and its word is final. Not here: the rules (`budget`).

use super::{
    files::Grants,
    json::hash,
    sched::{self, Program},
    table,
    value::{Fault, Native, custom, error, string, symbol, text_like},
};
use crate::{
    budget::{self, Budget, Spent},
    llm::Price,
    wire::{Asks, CallHead, DoneHead, FailureClass, Limits, ScopeLeft, ToHost, Usage},
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, VecDeque},
    rc::Rc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use steel::{
    SteelVal,
    gc::ShareableMut,
    rvals::{Custom, CustomType, FunctionSignature, as_underlying_type},
};

/// How many looks at the clock the host is told of.
const LOOKS: u64 = 10_000;

/// What of Python's work the host is told.
const WORTH: Duration = Duration::from_millis(5);

/// A script's own budget.
#[derive(Clone)]
pub(crate) struct Scope(Rc<RefCell<Budget>>, u32);

impl Custom for Scope {
    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other).is_some_and(|other| Rc::ptr_eq(&other.0, &self.0))
    }
}

/// One line of `(trace)`.
enum Entry {
    Call {
        model: Option<Rc<str>>,
        class: Option<FailureClass>,
        usage: Usage,
        cost: Option<f64>,
        /// How long the answer took, and how long it waited before that for limits and further attempts.
        times: (u32, u32),
        attempts: u32,
        at: f64,
    },
    Event {
        name: String,
        value: String,
        at: f64,
    },
}

struct Ledger {
    begun: Instant,
    args: Vec<String>,
    grants: Rc<Grants>,
    /// All calls of the session.
    run: Budget,
    /// What has been set aside for the calls under way, by their numbers; only for those that any limit concerns.
    reserved: HashMap<u32, (Spent, Vec<Scope>)>,
    trace: Vec<Entry>,
    /// The last model's name: most calls share it.
    model: Option<Rc<str>>,
    checkpoints: HashMap<String, String>,
    /// What the clock is still to show, whether the host wants to know what it shows then, and how often that was.
    readings: VecDeque<u64>,
    journaled: bool,
    looks: u64,
    /// The number of the newest budget.
    last_scope: u32,
    /// What the host said that models cost.
    prices: HashMap<String, Option<Price>>,
}

thread_local! {
    static PYTHON: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
    static LEDGER: RefCell<Ledger> = RefCell::new(Ledger {
        begun: Instant::now(),
        args: Vec::new(),
        grants: Rc::default(),
        run: Budget::default(),
        reserved: HashMap::new(),
        trace: Vec::new(),
        model: None,
        checkpoints: HashMap::new(),
        readings: VecDeque::new(),
        journaled: false,
        looks: 0,
        last_scope: 0,
        prices: HashMap::new(),
    });
}

/// A program begins.
pub(crate) fn begin(program: &mut Program) {
    LEDGER.with_borrow_mut(|l| {
        l.args = std::mem::take(&mut program.args);
        l.grants = Rc::new(std::mem::take(&mut program.grants));
        l.run.limit(program.limits);
        l.readings.extend(std::mem::take(&mut program.run.readings));
        l.journaled = program.run.journaled;
        // At a prompt the default may have become another model.
        l.prices.clear();
    });
}

/// The time since 1970, as the script is shown it: a run that was taken up again sees what it saw before.
pub(crate) fn clock() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (shown, tell) = LEDGER.with_borrow_mut(|l| match l.readings.pop_front() {
        Some(reading) => (Duration::from_micros(reading), false),
        None => {
            l.looks += u64::from(l.journaled);
            (now, l.journaled && l.looks <= LOOKS)
        }
    });
    if tell {
        let micros = u64::try_from(shown.as_micros()).unwrap_or(u64::MAX);
        sched::with(|s| s.tell(&ToHost::Clock(micros), &[]));
    }
    shown
}

/// Python ran for so long. The host is told of what it would notice.
pub(crate) fn python(took: Duration) {
    if took >= WORTH && journaled() {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        sched::with(|s| s.tell(&ToHost::Python(micros), &[]));
    }
}

/// Whether the host keeps what happens.
pub(crate) fn journaled() -> bool {
    LEDGER.with_borrow(|l| l.journaled)
}

/// What `(script-args)` gives.
pub(crate) fn args() -> Vec<String> {
    LEDGER.with_borrow(|l| l.args.clone())
}

/// The files that the program may have.
pub(crate) fn grants() -> Rc<Grants> {
    LEDGER.with_borrow(|l| l.grants.clone())
}

/// The price that must be asked for before a call can be charged, by the name that [`priced`] takes it under: some budget
/// is in money, and the host has not told it yet.
pub(crate) fn price_wanted(call: &CallHead, scopes: &[Scope]) -> Option<(String, CallHead)> {
    let vectors = match call.asks {
        Asks::Answer | Asks::Loop => false,
        Asks::Vectors => true,
        Asks::Program | Asks::Limits | Asks::Price { .. } | Asks::Function => return None,
    };
    let bounded = LEDGER.with_borrow(|l| l.run.limits().cost_usd.is_some())
        || scopes.iter().any(|scope| scope.0.borrow().limits().cost_usd.is_some());
    let key = price_key(call);
    if !bounded || LEDGER.with_borrow(|l| l.prices.contains_key(&key)) {
        return None;
    }
    let (models, fallback) = (call.models.clone(), call.fallback.clone());
    let (asks, hedge_s) = (Asks::Price { vectors }, call.hedge_s);
    Some((key, CallHead { asks, model: call.model.clone(), models, fallback, hedge_s, ..CallHead::default() }))
}

/// A model by the name that the script has for it; for vectors the default is another.
fn price_key(call: &CallHead) -> String {
    let sort = if call.asks == Asks::Vectors { "vectors" } else { "answers" };
    let copies = if call.hedge_s.is_some() { 2 } else { 1 };
    format!("{sort} {:?} {:?} {:?} {copies}", call.model, call.models, call.fallback)
}

/// The host told a price: as JSON, `null` when it is unknown.
pub(crate) fn priced(key: &str, price: &str) {
    let price = serde_json::from_str(price).unwrap_or_default();
    LEDGER.with_borrow_mut(|l| l.prices.insert(key.into(), price));
}

/// What a call will take, if all budgets have that much; `scopes` are those bound where it is made.
pub(crate) fn fits(call: &CallHead, scopes: &[Scope]) -> Result<Spent, Fault> {
    let price = LEDGER.with_borrow(|l| if l.prices.is_empty() { None } else { *l.prices.get(&price_key(call))? });
    let wanted = budget::estimate(call, price);
    let run = LEDGER.with_borrow(|l| l.run.refusal(wanted));
    match run.or_else(|| scopes.iter().find_map(|scope| scope.0.borrow().refusal(wanted))) {
        None => Ok(wanted),
        Some(why) => Err(Fault::new(FailureClass::Budget, why).hint(budget::HINT)),
    }
}

/// What these budgets leave, for a call that makes others.
pub(crate) fn within(call: &mut CallHead, scopes: &[Scope]) {
    if matches!(call.asks, Asks::Loop | Asks::Program) {
        let left = |scope: &Scope| ScopeLeft { id: scope.1, left: scope.0.borrow().left() };
        call.nested.get_or_insert_default().within = scopes.iter().map(left).collect();
    }
}

/// Sets that aside: the call has been sent.
pub(crate) fn reserve(call: u32, wanted: Spent, scopes: Vec<Scope>) {
    LEDGER.with_borrow_mut(|l| {
        if scopes.is_empty() && l.run.limits() == Limits::default() {
            return;
        }
        l.run.reserve(wanted);
        scopes.iter().for_each(|scope| scope.0.borrow_mut().reserve(wanted));
        l.reserved.insert(call, (wanted, scopes));
    });
}

/// Python runs from here on, within these budgets.
pub(crate) fn python_begins(bindings: &SteelVal) {
    PYTHON.set(scopes(bindings));
}

/// The budgets within which Python runs.
#[cfg_attr(not(feature = "python"), allow(dead_code))]
pub(crate) fn scopes_of_python() -> Vec<Scope> {
    PYTHON.with_borrow(Clone::clone)
}

/// A call was cancelled: its tokens are free again. Whether it counts as a call the host will say.
pub(crate) fn cancelled(call: u32) {
    LEDGER.with_borrow_mut(|l| {
        if let Some((reserved, scopes)) = l.reserved.get_mut(&call) {
            let tokens = Spent { calls: 0, ..*reserved };
            (reserved.tokens, reserved.cost_usd) = (0, 0.0);
            l.run.settle(tokens, Spent::default());
            scopes.iter().for_each(|scope| scope.0.borrow_mut().settle(tokens, Spent::default()));
        }
    });
}

/// A call has ended.
pub(crate) fn settle(call: u32, head: &DoneHead) {
    LEDGER.with_borrow_mut(|l| {
        let (model, class, usage, cost, times, attempts, calls) = match head {
            DoneHead::Answer { model, usage, cost_usd, latency_ms, waited_ms, attempts, calls, .. } => {
                (Some(&**model), None, *usage, *cost_usd, (*latency_ms, *waited_ms), *attempts, *calls)
            }
            DoneHead::Failure { class, model, attempts, usage, cost_usd, latency_ms, waited_ms, calls } => {
                (model.as_deref(), Some(*class), *usage, *cost_usd, (*latency_ms, *waited_ms), *attempts, *calls)
            }
        };
        let cost_usd = cost.unwrap_or(f64::NAN);
        let taken = Spent { calls, tokens: usage.input + usage.output, cost_usd };
        let (reserved, scopes) = l.reserved.remove(&call).unwrap_or_default();
        l.run.settle(reserved, taken);
        scopes.iter().for_each(|scope| scope.0.borrow_mut().settle(reserved, taken));
        if model != l.model.as_deref() {
            l.model = model.map(Into::into);
        }
        if class.is_none() && attempts == 0 {
            // What the host itself answered is no call of a model's.
            return;
        }
        let at = l.begun.elapsed().as_secs_f64();
        l.trace.push(Entry::Call { model: l.model.clone(), class, usage, cost, times, attempts, at });
    });
}

/// Natives of the prelude's.
pub(crate) const NATIVES: &[(&str, FunctionSignature)] = &[
    ("%budget", scope),
    ("%budget-limit", |args| Ok(with_scope(&args[0], |b| limit(b.limits())).unwrap_or(SteelVal::BoolV(false)))),
    ("%budget-left", budget_left),
    ("%used", used),
];

/// `(%budget name n)` → a new scope of that kind, or `#f` for none.
fn scope(args: &[SteelVal]) -> Native {
    let name = text_like(&args[0]).unwrap_or_default();
    let limits = match (&args[1], &*name) {
        (SteelVal::BoolV(false), _) => return Ok(SteelVal::BoolV(false)),
        (SteelVal::IntV(n), "token-budget") if *n >= 0 => Limits { tokens: Some(*n as u64), ..Limits::default() },
        (SteelVal::IntV(n), "call-budget") if *n >= 0 => Limits { calls: Some(*n as u64), ..Limits::default() },
        (other, "cost-budget") if amount(other).is_some() => Limits { cost_usd: amount(other), ..Limits::default() },
        (other, "cost-budget") => {
            let shown = super::print::written(other);
            let fault = Fault::script(format!("{name}: `{shown}` is no number of US dollars that is not negative"));
            return Err(super::natives::raise(fault.hint("`#f` is no budget").into_value()));
        }
        (other, _) => {
            let shown = super::print::written(other);
            let fault = Fault::script(format!("{name}: `{shown}` is no whole number that is not negative"));
            return Err(super::natives::raise(fault.hint("`#f` is no budget").into_value()));
        }
    };
    let id = LEDGER.with_borrow_mut(|l| {
        l.last_scope += 1;
        l.last_scope
    });
    Ok(custom(Scope(Rc::new(RefCell::new(Budget::new(limits))), id)))
}

fn with_scope<R>(value: &SteelVal, f: impl FnOnce(&Budget) -> R) -> Option<R> {
    as_scope(value).map(|scope| f(&scope.0.borrow()))
}

fn as_scope(value: &SteelVal) -> Option<Scope> {
    match value {
        SteelVal::Custom(custom) => as_underlying_type::<Scope>(custom.read().as_ref()).cloned(),
        _ => None,
    }
}

fn limit(limits: Limits) -> SteelVal {
    limits.cost_usd.map_or_else(|| natural(limits.calls.or(limits.tokens)), SteelVal::NumV)
}

/// A number of US dollars.
fn amount(value: &SteelVal) -> Option<f64> {
    let usd = match value {
        SteelVal::IntV(n) => *n as f64,
        SteelVal::NumV(n) => *n,
        SteelVal::Rational(r) => f64::from(*r.numer()) / f64::from(*r.denom()),
        _ => return None,
    };
    (usd >= 0.0 && usd.is_finite()).then_some(usd)
}

fn natural(n: Option<u64>) -> SteelVal {
    n.map_or(SteelVal::BoolV(false), |n| SteelVal::IntV(n as isize))
}

/// The budgets among the bindings of parameters, innermost first: an association list of numbers and boxes.
pub(crate) fn scopes(bindings: &SteelVal) -> Vec<Scope> {
    let SteelVal::ListV(bindings) = bindings else { return Vec::new() };
    let bound = |binding: &SteelVal| match binding {
        SteelVal::Pair(pair) => match pair.cdr() {
            SteelVal::HeapAllocated(cell) => as_scope(&cell.get()),
            _ => None,
        },
        _ => None,
    };
    bindings.iter().filter_map(bound).collect()
}

/// `(%budget-left bindings)`: what the run and every scope leave, the least of each.
fn budget_left(args: &[SteelVal]) -> Native {
    let mut left = LEDGER.with_borrow(|l| l.run.left());
    for scope in scopes(&args[0]) {
        left = left.least(scope.0.borrow().left());
    }
    let cost = left.cost_usd.map_or(SteelVal::BoolV(false), SteelVal::NumV);
    let fields = [("calls", natural(left.calls)), ("tokens", natural(left.tokens)), ("cost", cost)];
    Ok(hash(fields.into_iter().map(|(key, n)| (symbol(key), n))))
}

/// `(%used name options bindings)`: by the innermost scope, or by the run.
fn used(args: &[SteelVal]) -> Native {
    let (Some(name), SteelVal::ListV(options)) = (text_like(&args[0]), &args[1]) else {
        return Err(error("%used takes a name and a list"));
    };
    let primitive = table::find(&name).ok_or_else(|| error("%used takes the name of a primitive"))?;
    let options: Vec<SteelVal> = options.iter().cloned().collect();
    let parsed = primitive.parse(&options).map_err(|fault| super::natives::raise(fault.into_value()))?;
    let whole = matches!(parsed.first(), Some(Some(SteelVal::BoolV(true))));
    let innermost = if whole { None } else { scopes(&args[2]).into_iter().next() };
    let spent = match innermost {
        Some(scope) => scope.0.borrow().spent(),
        None => LEDGER.with_borrow(|l| l.run.spent()),
    };
    Ok(match &*name {
        "cost-used" if spent.cost_usd.is_nan() => SteelVal::BoolV(false),
        "cost-used" => SteelVal::NumV(spent.cost_usd),
        _ => SteelVal::IntV(spent.tokens as isize),
    })
}

/// Notes an event for `(trace)`.
pub(crate) fn note(name: &str, value: &str) {
    LEDGER.with_borrow_mut(|l| {
        let at = l.begun.elapsed().as_secs_f64();
        l.trace.push(Entry::Event { name: name.into(), value: value.into(), at });
    });
}

/// What the calls so far took, by model.
pub(crate) fn by_model() -> SteelVal {
    #[derive(Default)]
    struct Sum {
        calls: u64,
        failures: u64,
        usage: Usage,
        cost: f64,
    }
    LEDGER.with_borrow(|l| {
        let mut models: BTreeMap<&str, Sum> = BTreeMap::new();
        for entry in &l.trace {
            let Entry::Call { model, class, usage, cost, .. } = entry else { continue };
            let sum = models.entry(model.as_deref().unwrap_or_default()).or_default();
            sum.calls += 1;
            sum.failures += u64::from(class.is_some());
            sum.usage.input += usage.input;
            sum.usage.output += usage.output;
            sum.usage.cached += usage.cached;
            sum.usage.reasoning += usage.reasoning;
            sum.cost += cost.unwrap_or(f64::NAN);
        }
        let number = |n: u64| SteelVal::IntV(n as isize);
        let fields = |sum: &Sum| {
            let fields = [
                ("calls", number(sum.calls)),
                ("failures", number(sum.failures)),
                ("input", number(sum.usage.input)),
                ("output", number(sum.usage.output)),
                ("cached", number(sum.usage.cached)),
                ("reasoning", number(sum.usage.reasoning)),
                ("cost", if sum.cost.is_nan() { SteelVal::BoolV(false) } else { SteelVal::NumV(sum.cost) }),
            ];
            hash(fields.into_iter().map(|(key, value)| (symbol(key), value)))
        };
        hash(models.iter().map(|(model, sum)| (string(*model), fields(sum))))
    })
}

/// Everything so far, one hash each.
pub(crate) fn trace() -> SteelVal {
    let number = |n: u64| SteelVal::IntV(n as isize);
    let entry = |entry: &Entry| {
        let fields: Vec<(&str, SteelVal)> = match entry {
            Entry::Event { name, value, at } => vec![
                ("event", string(name.clone())),
                ("value", super::json::from_text(value).unwrap_or(SteelVal::Void)),
                ("at", SteelVal::NumV(*at)),
            ],
            Entry::Call { model, class, usage, cost, times: (latency_ms, waited_ms), attempts, at } => vec![
                ("model", model.as_deref().map_or(SteelVal::BoolV(false), string)),
                ("status", symbol(class.map_or("ok", FailureClass::name))),
                ("input", number(usage.input)),
                ("output", number(usage.output)),
                ("cached", number(usage.cached)),
                ("cost", cost.map_or(SteelVal::BoolV(false), SteelVal::NumV)),
                ("latency", SteelVal::NumV(f64::from(*latency_ms) / 1000.0)),
                ("waited", SteelVal::NumV(f64::from(*waited_ms) / 1000.0)),
                ("attempts", number(u64::from(*attempts))),
                ("at", SteelVal::NumV(*at)),
            ],
        };
        hash(fields.into_iter().map(|(key, value)| (symbol(key), value)))
    };
    LEDGER.with_borrow(|l| SteelVal::ListV(l.trace.iter().map(entry).collect()))
}

/// Keeps a value, as JSON, under a key.
pub(crate) fn checkpoint(key: String, value: String) {
    LEDGER.with_borrow_mut(|l| l.checkpoints.insert(key, value));
}

/// What was kept under a key.
pub(crate) fn restore(key: &str) -> Option<String> {
    LEDGER.with_borrow(|l| l.checkpoints.get(key).cloned())
}
