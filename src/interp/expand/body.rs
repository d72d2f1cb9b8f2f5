//! Definitions: in bodies, where they see each other, and at the top level.

mod requires;

use super::{
    Expander, Part, Step,
    code::{Code, Op, Top},
    error,
    forms::{
        core::{Core, misused, refused},
        small::several,
        transformers,
    },
    modules::{Exports, Imports},
    rules::Rules,
    scope::{Binding, Field, Global, Local, Record, Scope},
    syntax::{Name, Node, Syntax},
};
use crate::interp::foreign::is_absent_form;
use requires::twice_known;
use std::{collections::HashSet, rc::Rc};

/// A variable that a definition makes.
enum Variable {
    Local(Rc<Local>),
    Global(Rc<Global>),
}

/// A form of a body, once it is known which of them are definitions.
enum Item {
    Define(Variable, Syntax, Syntax),
    DefineList(Vec<Variable>, Syntax),
    Expression(Syntax),
}

/// What sets a prompt, where a library that knows of prompts is required: there each expression of a module's top level
/// has one, and its value is shown within that.
const PROMPTS: [&str; 2] = ["call-with-continuation-prompt", "call/prompt"];

/// Where definitions go.
struct Frame<'a> {
    scope: &'a Scope,
    /// At the top level: the names defined by this program so far.
    top: Option<HashSet<Name>>,
    items: Vec<Item>,
    /// The specs of the `provide`s, if there are any.
    provides: Option<Vec<Syntax>>,
    /// What stands in the module `main`: it is run last, and of a script alone.
    main: Vec<Syntax>,
    /// What stands in other modules that see this one's definitions, by name: it is run where it is required.
    within: Within,
    /// What was taken from files and from modules in the program.
    imported: Imports,
    /// Definitions of what is provided with a contract, which come last.
    promises: Vec<Syntax>,
}

type Within = Vec<(Rc<str>, Vec<Syntax>)>;

impl<'a> Frame<'a> {
    fn new(scope: &'a Scope, top: Option<HashSet<Name>>) -> Self {
        Self {
            scope,
            top,
            items: Vec::new(),
            provides: None,
            main: Vec::new(),
            within: Vec::new(),
            imported: Imports::new(),
            promises: Vec::new(),
        }
    }
}

impl Expander {
    /// A body: its definitions, and what its last expression gives. `scope` is a frame of its own.
    pub(super) fn body(&mut self, forms: &[Syntax], scope: &Scope, whole: &Syntax) -> Step<Code> {
        if let [one] = forms
            && !matches!(one.node, Node::List(_))
        {
            return self.expression(one, scope);
        }
        let mut frame = Frame::new(scope, None);
        for form in forms {
            self.gather(form, &mut frame)?;
        }
        let mut steps = Vec::with_capacity(frame.items.len());
        let mut defines = false;
        let mut value = None;
        for item in frame.items {
            if let Some(code) = value.take() {
                steps.push((None, code));
            }
            match item {
                Item::Expression(form) => value = Some(self.expression(&form, scope)?),
                Item::Define(Variable::Local(local), name, form) => {
                    defines = true;
                    let code = self.named(&form, &name, scope)?;
                    Self::learn(&local.arity, &code);
                    local.defined(matches!(code.op, Op::Lambda(_)));
                    steps.push((Some(local), code));
                }
                Item::DefineList(variables, form) => {
                    defines = true;
                    let list = self.expression(&form, scope)?;
                    self.define_locals(variables, list, &form, scope, &mut steps)?;
                }
                // Only the top level makes globals.
                Item::Define(Variable::Global(_), ..) => unreachable!("a body's variables are local"),
            }
        }
        let value = match value {
            Some(value) => value,
            None if !defines => self.void(whole),
            None => {
                let hint = "an expression behind the definitions gives its value";
                return Err(error(whole.span, "a body ends with a definition", hint));
            }
        };
        if steps.is_empty() {
            return Ok(value);
        }
        if !defines {
            let mut codes: Vec<Code> = steps.into_iter().map(|(_, code)| code).collect();
            codes.push(value);
            return Ok(Code::new(Op::Begin(codes), whole.span));
        }
        Ok(Code::new(Op::Body(steps, Box::new(value)), whole.span))
    }

    fn define_locals(
        &mut self,
        variables: Vec<Variable>,
        list: Code,
        form: &Syntax,
        scope: &Scope,
        steps: &mut Vec<(Option<Rc<Local>>, Code)>,
    ) -> Step<()> {
        let hidden = self.fresh("values", form.span);
        let hidden = self.local(&hidden, scope)?;
        steps.push((Some(hidden.clone()), list));
        let code = |op| Code::new(op, form.span);
        for (at, variable) in variables.into_iter().enumerate() {
            let Variable::Local(local) = variable else { continue };
            local.defined(false);
            let index = code(Op::Quote(Syntax::integer(at, form.span)));
            let call = vec![code(Op::Native("%slot".into())), code(Op::Local(hidden.clone())), index];
            steps.push((Some(local), code(Op::Call(call))));
        }
        Ok(())
    }

    /// The forms of a program.
    pub(super) fn top(&mut self, forms: &[Syntax]) -> Step<Vec<Top>> {
        let scope = if self.internal { self.base.clone() } else { self.top.clone() };
        self.top_in(forms, &scope).map(|(tops, _)| tops)
    }

    /// The same in a scope, and what it provides.
    pub(super) fn top_in(&mut self, forms: &[Syntax], scope: &Scope) -> Step<(Vec<Top>, Exports)> {
        self.top_among(forms, scope, Within::new())
    }

    /// The same where some modules are known.
    fn top_among(&mut self, forms: &[Syntax], scope: &Scope, within: Within) -> Step<(Vec<Top>, Exports)> {
        let mut frame = Frame { within, ..Frame::new(scope, Some(HashSet::new())) };
        for form in forms {
            self.gather(form, &mut frame)?;
        }
        for promise in std::mem::take(&mut frame.promises) {
            self.gather(&promise, &mut frame)?;
        }
        let (main, within) = (std::mem::take(&mut frame.main), std::mem::take(&mut frame.within));
        let exports = match self.modules.within() {
            true => self.provided(frame.provides.as_deref(), scope, &frame.imported)?,
            false => Exports::default(),
        };
        let prompt = PROMPTS.iter().find(|word| frame.imported.contains_key(**word));
        let mut tops = Vec::with_capacity(frame.items.len());
        for item in frame.items {
            tops.push(match item {
                Item::Expression(form) => match (self.shows, prompt) {
                    (Some(show), Some(prompt)) => {
                        let names =
                            [prompt, show].map(|word| Syntax::new(Node::Name(Name::Plain(word.into())), form.span));
                        let parts = [
                            ("PROMPT", Part::One(&names[0])),
                            ("SHOW", Part::One(&names[1])),
                            ("FORM", Part::One(&form)),
                        ];
                        let within =
                            self.fill(&form, "(begin (PROMPT (lambda () (let ([v FORM]) (SHOW v) v))) (void))", &parts);
                        Top::Run(self.expression(&within, scope)?, None)
                    }
                    _ => Top::Run(self.expression(&form, scope)?, self.shows),
                },
                Item::Define(Variable::Global(global), name, form) => {
                    let code = self.named(&form, &name, scope)?;
                    global.pending.set(false);
                    Self::learn(&global.arity, &code);
                    Top::Define(global, code)
                }
                Item::DefineList(variables, form) => {
                    let list = self.expression(&form, scope)?;
                    let globals = variables.into_iter().filter_map(|variable| match variable {
                        Variable::Global(global) => {
                            global.pending.set(false);
                            Some(global)
                        }
                        Variable::Local(_) => None,
                    });
                    Top::DefineList(globals.collect(), list)
                }
                // Only bodies make locals.
                Item::Define(Variable::Local(_), ..) => unreachable!("the top level's variables are global"),
            });
        }
        if !main.is_empty() {
            // It may define anew what the module round it defines.
            tops.extend(self.top_among(&main, &scope.inner(), within)?.0);
        }
        Ok((tops, exports))
    }

    /// Expands a form of a body as far as it takes to know whether it defines something, and binds what it defines.
    fn gather(&mut self, form: &Syntax, frame: &mut Frame) -> Step<()> {
        let mut form = form.clone();
        // A macro that makes a use of itself each time does not come to an end.
        for _ in 0..10_000 {
            let head = form.items().and_then(|items| items.first()).and_then(Syntax::name);
            match head.and_then(|name| frame.scope.find(name)) {
                Some(Binding::Form(expand)) => form = expand(self, &form, frame.scope)?,
                Some(Binding::Rules(rules)) => form = rules.expand(&form, frame.scope)?,
                Some(Binding::Core(core)) => return self.gather_core(core, form, frame),
                None if head.is_some_and(|name| is_absent_form(name.word())) => {
                    // It may define what others name: so it is refused before they are read.
                    return Err(refused(head.map_or("", |name| name.word()), form.span));
                }
                _ => {
                    frame.items.push(Item::Expression(form));
                    return Ok(());
                }
            }
        }
        Err(error(form.span, "this macro expands without end", "a macro that uses itself must come to an end"))
    }

    fn gather_core(&mut self, core: Core, form: Syntax, frame: &mut Frame) -> Step<()> {
        let args = form.items().unwrap_or_default().get(1..).unwrap_or_default();
        match (core, args) {
            (Core::Begin, []) if frame.top.is_some() => {}
            (Core::Begin, args @ [_, ..]) => {
                for arg in args {
                    self.gather(arg, frame)?;
                }
            }
            (Core::Define, [target, body @ ..]) => self.define(target, body, &form, frame)?,
            (Core::DefineValues, [names, value]) => {
                let (all, list) = several(self, names, value, &form)?;
                self.define_list(&all, list, frame)?;
            }
            (Core::DefineList, [names, list]) => {
                let all = names.items().ok_or_else(|| misused(&form, "names are written (name …)"))?;
                self.define_list(all, list.clone(), frame)?;
            }
            (Core::DefineSyntax, [target, body @ ..]) => match (target.items(), body) {
                (None, [rules]) => self.define_syntax(target, rules, frame.scope, &form)?,
                (Some([name, parameters @ ..]), body) => match transformers::from_procedure(parameters, body) {
                    Some(rules) => self.define_syntax(name, &rules, frame.scope, &form)?,
                    None => return Err(refused("syntax-case", form.span)),
                },
                _ => return Err(misused(&form, "a name and (syntax-rules …) are needed")),
            },
            (Core::DefineSyntaxRule, [pattern, template]) => {
                let name = match &pattern.node {
                    Node::List(items) | Node::Dotted(items, _) => items.first().and_then(Syntax::name),
                    _ => None,
                };
                let name = name.ok_or_else(|| misused(&form, "the pattern is written (name …)"))?;
                let rules = Rules::single(name.word(), pattern, template, frame.scope);
                frame.scope.bind(name.clone(), Binding::Rules(Rc::new(rules)));
            }
            (Core::DefineRecord, [name, descriptor, constructor, predicate, fields]) => {
                let record = record(descriptor, constructor, predicate, fields);
                let record = record.ok_or_else(|| misused(&form, "its fields are written (name accessor mutator)"))?;
                let name = name.name().ok_or_else(|| misused(&form, "a record has a name"))?;
                frame.scope.bind(name.clone(), Binding::Record(Rc::new(record)));
            }
            (Core::Module, [name, body @ ..]) if frame.top.is_some() => {
                // Tests are run by Racket's own tool alone, and others by whoever requires them.
                if name.is_word("main") && !self.modules.within() {
                    frame.main.extend(body.iter().cloned());
                } else if let Some(word) = name.word() {
                    match frame.within.iter_mut().find(|(known, _)| **known == *word) {
                        Some((_, forms)) => forms.extend(body.iter().cloned()),
                        None => frame.within.push((word.into(), body.to_vec())),
                    }
                }
            }
            (Core::Submodule, [name, _, body @ ..]) if frame.top.is_some() => match name.word() {
                Some("main") if !self.modules.within() => frame.main.extend(body.iter().cloned()),
                Some(word) => self.modules.holds(word, body),
                None => return Err(misused(&form, "it is written (module name language form …)")),
            },
            (Core::Provide, specs) => {
                for spec in specs {
                    let spec = self.promised(spec, frame);
                    frame.provides.get_or_insert_default().push(spec);
                }
            }
            (Core::Require, specs) => {
                for spec in specs {
                    self.require(spec, frame)?;
                }
            }
            (
                Core::Define
                | Core::DefineValues
                | Core::DefineList
                | Core::DefineSyntax
                | Core::DefineSyntaxRule
                | Core::DefineRecord,
                _,
            ) => return Err(misused(&form, "something is missing, or too much")),
            _ => frame.items.push(Item::Expression(form)),
        }
        Ok(())
    }

    /// `(define name value)`, `(define (name . formals) body …)`, `(define ((name . formals) . formals) body …)`
    fn define(&mut self, target: &Syntax, body: &[Syntax], form: &Syntax, frame: &mut Frame) -> Step<()> {
        let (head, formals) = match (&target.node, body) {
            (Node::Name(_), [value]) => {
                let variable = self.variable_for(target, frame)?;
                frame.items.push(Item::Define(variable, target.clone(), value.clone()));
                return Ok(());
            }
            (Node::Name(_), _) => return Err(misused(form, "a name and one value are needed")),
            (Node::List(items), _) if !items.is_empty() => (&items[0], Syntax::list(items[1..].to_vec(), target.span)),
            (Node::Dotted(items, rest), _) if items.len() == 1 => (&items[0], (**rest).clone()),
            (Node::Dotted(items, rest), _) => {
                (&items[0], Syntax::new(Node::Dotted(items[1..].into(), rest.clone()), target.span))
            }
            _ => return Err(misused(form, "a name, or a name and its parameters, are needed")),
        };
        if body.is_empty() {
            return Err(misused(form, "the procedure has no body"));
        }
        let parts = [("FORMALS", Part::One(&formals)), ("BODY", Part::Many(body))];
        let lambda = self.fill(form, "(lambda FORMALS BODY...)", &parts);
        self.define(head, &[lambda], form, frame)
    }

    fn define_list(&mut self, names: &[Syntax], list: Syntax, frame: &mut Frame) -> Step<()> {
        let variables = names.iter().map(|name| self.variable_for(name, frame)).collect::<Step<Vec<_>>>()?;
        frame.items.push(Item::DefineList(variables, list));
        Ok(())
    }

    /// The variable of a name that is defined here.
    fn variable_for(&mut self, target: &Syntax, frame: &mut Frame) -> Step<Variable> {
        let Some(name) = target.name() else {
            return Err(error(target.span, format!("`{target}` cannot be defined: it is no name"), ""));
        };
        let twice = match &mut frame.top {
            Some(defined) => !defined.insert(name.clone()),
            None => frame.scope.binds(name),
        };
        if twice {
            let hint = format!("give one of them another name, or change it: `(set! {name} …)`", name = name.word());
            return Err(error(target.span, format!("`{}` is defined twice", name.word()), hint));
        }
        if frame.top.is_none() {
            let local = self.local(target, frame.scope)?;
            local.pending.set(true);
            return Ok(Variable::Local(local));
        }
        let imported = frame.imported.remove(name.word());
        if let Some((file, true)) = &imported {
            return Err(twice_known(target, file));
        }
        if let Some(Binding::Global(global)) = frame.scope.bound(name)
            && imported.is_none()
        {
            if self.internal {
                // Two parts of the language have given two things one name.
                return Err(error(target.span, format!("`{}` is defined twice", name.word()), ""));
            }
            // An earlier program of the session defined it: it gets a new value.
            global.assigned.set(true);
            global.lost.set(false);
            return Ok(Variable::Global(global));
        }
        let global = Rc::new(Global::new(name.word(), &self.steel_name(name, frame.scope), self.internal));
        global.pending.set(true);
        frame.scope.bind(name.clone(), Binding::Global(global.clone()));
        Ok(Variable::Global(global))
    }
}

impl Expander {
    /// What Steel calls a variable of the top level: what the program calls it, unless Steel has that or cannot read it.
    fn steel_name(&self, name: &Name, scope: &Scope) -> String {
        let word = name.word();
        let module = self.modules.within() || !self.internal && !scope.is(&self.top);
        match name {
            Name::Plain(_) if !super::source::readable(word) || word.starts_with(['+', '-']) => {
                format!("v%{}", self.number())
            }
            Name::Plain(_) if self.natives.contains(&**word) && !module => {
                format!("{word}%{}", if self.internal { 'r' } else { 'u' })
            }
            // Each module has its own.
            Name::Plain(_) if module => format!("{word}%{}", self.number()),
            Name::Plain(_) => word.to_string(),
            Name::Alias(_) => format!("v%{}", self.number()),
        }
    }
}

fn record(descriptor: &Syntax, constructor: &Syntax, predicate: &Syntax, fields: &Syntax) -> Option<Record> {
    let fields = fields.items()?.iter().map(|field| {
        let [name, accessor, mutator] = field.items()? else { return None };
        let mutator = mutator.name().map(|_| mutator.clone());
        Some(Field { word: name.name()?.word().clone(), accessor: accessor.clone(), mutator })
    });
    Some(Record {
        descriptor: descriptor.clone(),
        constructor: constructor.clone(),
        predicate: predicate.clone(),
        fields: fields.collect::<Option<_>>()?,
    })
}
