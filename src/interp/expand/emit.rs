//! Writes an expanded program as text for Steel, and keeps the way back from places in that text to the program's own.
//!
//! Every variable of a procedure gets a name of its own (`x%12`), so that nothing of Steel's can be shadowed or catch it.
//! Top-level forms that call something run as fibers: `E` becomes `(%main (lambda () (%just E)))`.

mod choice;
mod literals;
mod notes;
mod order;
mod returned;
mod variables;

use super::{
    code::{AHEAD, Code, Lambda, Op, Top},
    lift::{self, Lifted},
    scope::{Arity, Global, Local},
    shorter::{LONG, case_of, element, is_given, is_inline, makes_procedures},
    source::Source,
    syntax::Span,
};
use crate::interp::table;
use order::commute;
use returned::Defined;
use std::{collections::HashMap, fmt::Write, mem, rc::Rc};
use variables::local_name;

/// What keeps a wrapped form out of tail position.
pub(crate) const JUST: &str = "%just";

/// Whether a value is there without computing.
fn is_plain(code: &Code) -> bool {
    matches!(code.op, Op::Lambda(_) | Op::Quote(_) | Op::Native(_))
}

/// Whether a variable that is named before its definition may have no value by then.
fn waits(variable: &Code) -> bool {
    match &variable.op {
        Op::Local(local) => local.boxed(),
        Op::Global(global) => global.arity.get().is_none(),
        _ => false,
    }
}

/// What a variable has until it is defined, for `%defined`.
const UNDEFINED: &str = "'%undefined";

/// Whether a variable is new, and its value there without computing: then it needs no variable first.
fn defines(global: &Global, code: &Code) -> bool {
    is_plain(code) && !global.made.get()
}

pub(super) struct Emitter {
    source: Source,
    /// The local procedures that stand at the top level, and what each is given there beside its arguments.
    lifted: HashMap<usize, Vec<Rc<Local>>>,
    /// What stands for the first element of a list where it is named: the list.
    elements: HashMap<usize, String>,
    /// How many constants there have been in the session.
    constants: usize,
    /// Whether it is a part of the language: nothing of that waits.
    internal: bool,
    problem: Option<(Span, String)>,
    /// Whether the next procedure written is one of the top level, which Steel might put in the place of its calls.
    stays: bool,
    /// What is being defined, if that is a procedure.
    defined: Option<Defined>,
}

impl Emitter {
    pub(super) fn new(constants: usize, internal: bool) -> Self {
        let source = Source::default();
        Self {
            source,
            lifted: HashMap::new(),
            elements: HashMap::new(),
            constants,
            internal,
            problem: None,
            stays: false,
            defined: None,
        }
    }

    /// All of it; or the place and the name of what no literal can be.
    pub(super) fn finish(self) -> Result<Source, (Span, String)> {
        match self.problem {
            None => Ok(self.source),
            Some(problem) => Err(problem),
        }
    }

    fn put(&mut self, text: &str, span: Span) {
        let at = self.source.text.len();
        if self.source.pieces.last().is_none_or(|(_, last)| *last != span) {
            self.source.pieces.push((at, span));
        }
        self.source.text.push_str(text);
    }

    /// Writes a list: an opening parenthesis, what `inside` writes, a closing one.
    fn list(&mut self, span: Span, inside: impl FnOnce(&mut Self)) {
        let start = self.source.text.len();
        self.put("(", span);
        inside(self);
        self.put(")", span);
        self.source.lists.push(start..self.source.text.len());
    }

    /// All forms of the top level.
    ///
    /// Steel panics when a variable is named at run time that no definition has been reached of. So in a script's program
    /// all variables exist from its beginning, and what needs no computing has its value there.
    pub(super) fn program(&mut self, tops: &[Top]) {
        let (first, rest): (Vec<&Top>, Vec<&Top>) = match self.internal {
            true => (Vec::new(), tops.iter().collect()),
            false => tops.iter().partition(|top| matches!(top, Top::Define(global, code) if defines(global, code))),
        };
        if !self.internal {
            for global in rest.iter().flat_map(|top| top.defined()).filter(|global| !global.made.get()) {
                self.source.text.push_str(&format!("(define {} {UNDEFINED})\n", global.steel));
            }
        }
        for top in first.into_iter().chain(rest) {
            self.lift(top.code());
            self.top(top);
            self.source.text.push('\n');
        }
    }

    /// Writes the local procedures of a form that need no closure.
    fn lift(&mut self, code: &Code) {
        let lifted = lift::lifted(code);
        self.lifted = lifted.iter().map(|(number, procedure)| (*number, procedure.more.clone())).collect();
        for (number, Lifted { lambda, span, more }) in &lifted {
            self.list(*span, |e| {
                e.put(&format!("define {} ", lifted_name(*number)), *span);
                e.stays = true;
                e.definition(Defined::Local(*number), |e| e.lambda(lambda, more, *span));
            });
            self.source.text.push('\n');
        }
    }

    fn top(&mut self, top: &Top) {
        let word = |plain: bool, internal: bool| if plain || internal { "define" } else { "set!" };
        match top {
            Top::Define(global, code) => {
                let mut word = word(defines(global, code), self.internal);
                // In a procedure's definition Steel takes its name in tail position for itself, whatever is assigned later.
                let apart = word == "define" && global.assigned.get() && matches!(code.op, Op::Lambda(_));
                if apart {
                    self.put(&format!("(define {} void)\n", global.steel), code.span);
                    word = "set!";
                }
                self.list(code.span, |e| {
                    e.put(&format!("{word} {} ", global.steel), code.span);
                    match &code.op {
                        Op::Lambda(lambda) => {
                            e.stays = true;
                            let defined = Defined::Global(global.steel.to_string());
                            e.definition(defined, |e| e.lambda(lambda, &[], code.span));
                        }
                        _ if is_plain(code) => e.code(code, true),
                        _ => e.fiber(code, None),
                    }
                });
                if word == "set!" {
                    // What Steel's assignment gives is the old value.
                    self.put("\nvoid", code.span);
                }
                self.named(global, code);
            }
            Top::DefineList(globals, code) => {
                let hidden = format!("%list-{}", self.source.text.len());
                self.list(code.span, |e| {
                    e.put(&format!("define {hidden} "), code.span);
                    e.fiber(code, None);
                });
                let word = word(false, self.internal);
                for (at, global) in globals.iter().enumerate() {
                    self.put(&format!("\n({word} {} (%slot {hidden} {at}))", global.steel), code.span);
                }
                if word == "set!" {
                    self.put("\nvoid", code.span);
                }
            }
            Top::Run(code, shown) => self.fiber(code, *shown),
        }
    }

    /// Tells what a procedure of a script's top level is called, and how many arguments it takes.
    fn named(&mut self, global: &Global, code: &Code) {
        if let Op::Lambda(lambda) = &code.op
            && !self.internal
        {
            let Arity { least, most } = lambda.takes;
            let most = most.map_or("#false".to_owned(), |most| most.to_string());
            let (steel, word) = (&global.steel, in_quotes(&global.word));
            self.put(&format!("\n(%named {steel} {word} {least} {most})"), code.span);
            if let Some(more) = &lambda.more {
                self.put(&format!("\n(%inner-takes {steel} \"{more}\" 0)"), code.span);
            }
        } else if code.gives_procedure() && !self.internal {
            self.put(&format!("\n(%inner-named {} {})", global.steel, in_quotes(&global.word)), code.span);
        }
    }

    /// An expression that may wait: it runs as a fiber.
    fn fiber(&mut self, code: &Code, with: Option<&str>) {
        if self.internal {
            return self.code(code, true);
        }
        self.put(&format!("(%main (lambda () ({JUST} "), code.span);
        if let Some(with) = with {
            self.put(&format!("({with} "), code.span);
        }
        self.code(code, true);
        self.put(if with.is_some() { "))))" } else { ")))" }, code.span);
    }

    /// Writes an expression. `used`: whether anybody looks at its value.
    fn code(&mut self, code: &Code, used: bool) {
        let span = code.span;
        match &code.op {
            Op::Quote(datum) => self.quote(datum, span),
            Op::Local(local) if local.boxed() => self.put(&format!("(unbox {})", local_name(local)), span),
            Op::Local(local) => match self.elements.get(&local.number) {
                Some(list) => self.put(&format!("(#%prim.car {list})"), span),
                None => self.put(&local_name(local), span),
            },
            Op::Global(global) => self.put(&global.steel, span),
            Op::Native(name) => self.put(name, span),
            Op::If(test, yes, no) => self.choice(test, yes, no, used, span),
            Op::Lambda(lambda) => self.given(lambda, span),
            Op::Call(items) => self.call(items, span),
            Op::Let(bindings, body) => match element(bindings, body) {
                Some((element, list)) => {
                    self.elements.insert(element.number, local_name(list));
                    self.code(body, used);
                }
                None => self.scope(bindings, span, |e| e.inside(body, used)),
            },
            Op::Body(steps, _) => self.list(span, |e| {
                let defines = steps.iter().any(|(local, _)| local.as_ref().is_some_and(|local| !e.is_lifted(local)));
                e.put(if defines { "let () " } else { "begin " }, span);
                e.inside(code, used);
            }),
            Op::SetLocal(local, value) => self.set(local, value, used, span),
            Op::SetGlobal(global, value) => self.assign(span, used, |e| {
                e.put(&format!("set! {} ", global.steel), span);
                e.code(value, true);
            }),
            Op::Begin(codes) => self.list(span, |e| {
                e.put("begin", span);
                for (i, code) in codes.iter().enumerate() {
                    e.put(" ", span);
                    e.code(code, used && i + 1 == codes.len());
                }
            }),
        }
    }

    fn is_lifted(&self, local: &Local) -> bool {
        self.lifted.contains_key(&local.number)
    }

    /// A procedure. `more`: further parameters, as they are.
    fn lambda(&mut self, lambda: &Lambda, more: &[Rc<Local>], span: Span) {
        self.list(span, |e| {
            e.put("lambda ", span);
            let params: Vec<String> = lambda.params.iter().chain(more).map(|local| local_name(local)).collect();
            match (&lambda.rest, params.is_empty()) {
                (None, _) => e.put(&format!("({})", params.join(" ")), span),
                (Some(rest), true) => e.put(&local_name(rest), span),
                (Some(rest), false) => e.put(&format!("({} . {})", params.join(" "), local_name(rest)), span),
            }
            e.put(" ", span);
            let boxed: Vec<String> =
                lambda.params.iter().chain(&lambda.rest).filter(|l| l.boxed()).map(|l| local_name(l)).collect();
            // Of a procedure that makes others Steel takes the copies for the same, and mistakes what they name.
            let long = mem::take(&mut e.stays)
                && !e.internal
                && lambda.rest.is_none()
                && makes_procedures(&lambda.body, &|local| e.is_lifted(local));
            if long {
                e.put(&format!("(begin {LONG} "), span);
            }
            if boxed.is_empty() && long {
                e.code(&lambda.body, true);
            } else if boxed.is_empty() {
                e.inside(&lambda.body, true);
            } else {
                e.list(span, |e| {
                    let bindings: String = boxed.iter().map(|name| format!("({name} (box {name}))")).collect();
                    e.put(&format!("let ({bindings}) "), span);
                    e.inside(&lambda.body, true);
                });
            }
            if long {
                e.put(")", span);
            }
        });
    }

    /// The body of a procedure or of a `let`, where definitions may stand.
    fn inside(&mut self, code: &Code, used: bool) {
        let Op::Body(steps, value) = &code.op else { return self.code(code, used) };
        let stays = |local: &Option<Rc<Local>>| local.as_ref().is_none_or(|l| !self.is_lifted(l));
        let steps: Vec<&Step> = steps.iter().filter(|(local, _)| stays(local)).collect();
        let boxes: String = steps.iter().filter_map(|(local, _)| local.as_ref().filter(|local| local.boxed())).fold(
            String::new(),
            |mut boxes, local| {
                // Writing to a string cannot fail.
                let _ = write!(boxes, "({} (box {UNDEFINED}))", local_name(local));
                boxes
            },
        );
        if boxes.is_empty() {
            return self.steps(&steps, value, used);
        }
        // The boxes come first: a procedure that captures one captures it before it is filled.
        self.list(code.span, |e| {
            e.put(&format!("let ({boxes}) "), code.span);
            e.steps(&steps, value, used);
        });
    }

    fn steps(&mut self, steps: &[&Step], value: &Code, used: bool) {
        let defined = |local: &Option<Rc<Local>>| local.as_ref().filter(|local| !local.boxed()).cloned();
        let last = steps.iter().rposition(|(local, _)| defined(local).is_some());
        for (i, (local, step)) in steps.iter().copied().enumerate() {
            // Steel wants its definitions together.
            let more = last.is_some_and(|last| i < last);
            let hidden = more && defined(local).is_none();
            if hidden {
                self.put(&format!("(define nothing%{} ", self.source.text.len()), step.span);
            }
            match local {
                Some(local) => self.list(step.span, |e| {
                    let set = if local.boxed() { "set-box!" } else { "define" };
                    e.put(&format!("{set} {} ", local_name(local)), step.span);
                    match &step.op {
                        // As it is, so that Steel sees a procedure that may name itself.
                        Op::Lambda(lambda) => {
                            e.definition(Defined::Local(local.number), |e| e.lambda(lambda, &[], step.span));
                        }
                        _ => e.code(step, true),
                    }
                }),
                None => self.code(step, hidden),
            }
            self.put(if hidden { ") " } else { " " }, step.span);
            if let Some(call) = local.as_ref().and_then(|local| self.noted(local, step)) {
                let define = format!("(define nothing%{} {call}) ", self.source.text.len());
                self.put(if more { &define } else { &call }, step.span);
            }
        }
        self.code(value, used);
    }

    fn call(&mut self, items: &[Code], span: Span) {
        let Some((head, args)) = items.split_first() else { return };
        if matches!(&head.op, Op::Native(name) if **name == *AHEAD) && (self.internal || !waits(&args[0])) {
            return self.code(&args[0], true);
        }
        let known = match &head.op {
            Op::Local(local) if !local.assigned.get() => local.arity.get().map(|arity| (&local.word, arity, false)),
            Op::Global(global) if !global.assigned.get() => {
                global.arity.get().map(|arity| (&global.word, arity, global.own))
            }
            _ => None,
        };
        if let Some((word, arity, own)) = known
            && !arity.takes(args.len())
        {
            let teller = if own { "%misused" } else { "%miscounted" };
            return self.miscounted(teller, word, arity, args, head.span, span);
        }
        let shown = matches!(&head.op, Op::Lambda(_) | Op::If(..) | Op::Let(..) | Op::Body(..) | Op::Begin(_));
        if shown || is_given(head) && !args.is_empty() || !commute(head, args) {
            // Steel mistakes the parameters of a procedure that is called where it stands, or where a short procedure that
            // gives it is put in the place of its call, and counts them before the program runs; and it computes the
            // operator last.
            let hidden = format!("f%{}", self.source.text.len());
            return self.list(span, |e| {
                e.put(&format!("let (({hidden} "), span);
                e.code(head, true);
                e.put(&format!(")) ({hidden}"), span);
                e.arguments(args, span);
                e.put(")", span);
            });
        }
        let lifted = match &head.op {
            Op::Local(local) => self.lifted.get(&local.number).map(|more| (local.number, more.clone())),
            _ => None,
        };
        let start = self.source.text.len();
        self.list(span, |e| match lifted {
            None => {
                match &head.op {
                    Op::Native(name) if is_inline(name, args.len()) => e.put(&format!("#%prim.{name}"), head.span),
                    Op::Global(global) if global.own => e.put(case_of(&global.steel, args), head.span),
                    _ => e.code(head, true),
                }
                match args.split_last() {
                    Some((last, others)) if args.iter().any(is_lambda) && e.looks_at_arguments(head) => {
                        e.arguments(others, span);
                        // Of a call that is given a procedure as it is written Steel does not know where it stands.
                        e.put(&format!(" (%called-at {start} "), span);
                        e.code(last, true);
                        e.put(")", span);
                    }
                    _ => e.arguments(args, span),
                }
            }
            Some((number, more)) => {
                e.put(&lifted_name(number), head.span);
                e.arguments(args, span);
                more.iter().for_each(|local| e.put(&format!(" {}", local_name(local)), span));
            }
        });
    }

    /// Whether it is a procedure of the prelude's that looks at what it is given, and says where a mistake stands.
    fn looks_at_arguments(&self, head: &Code) -> bool {
        let word = match &head.op {
            Op::Native(word) => word,
            Op::Global(global) if global.own => &global.steel,
            _ => return false,
        };
        !self.internal && table::find(word).is_some_and(|primitive| matches!(primitive.body, table::Body::Prelude))
    }

    fn arguments(&mut self, args: &[Code], span: Span) {
        for arg in args {
            self.put(" ", span);
            self.bound(arg);
        }
    }

    /// Steel puts short procedures in the place of their calls without counting arguments; what is known to be wrong is
    /// said when it is reached, and not before.
    fn miscounted(&mut self, teller: &str, word: &str, arity: Arity, args: &[Code], head: Span, span: Span) {
        self.list(span, |e| {
            let most = arity.most.map_or("#f".to_owned(), |most| most.to_string());
            e.put(&format!("{teller} {} {} {most}", in_quotes(word), arity.least), head);
            e.arguments(args, span);
        });
    }
}

fn is_lambda(code: &Code) -> bool {
    matches!(code.op, Op::Lambda(_))
}

/// A step of a body: what it defines, if anything, and how.
type Step = (Option<Rc<Local>>, Code);

/// What a local procedure is called at the top level.
fn lifted_name(number: usize) -> String {
    format!("%loop%{number}")
}

/// A name as a string of Steel's.
fn in_quotes(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}
