//! `require` and `provide` among the forms of a body.

use super::Frame;
use crate::interp::expand::{
    Expander, Part, Step, error,
    modules::{self, Exports},
    scope::{Binding, Scope},
    syntax::{Name, Node, Syntax},
};
use crate::wire::ScriptError;
use std::rc::Rc;

/// What the library of contracts attaches one by.
const ATTACH: &str = "%attach";

impl Expander {
    /// A spec of `provide` in which what `contract-out` promises is kept: a variable of its own holds the value with its
    /// contract. Not where a contract names what is not here.
    pub(super) fn promised(&mut self, spec: &Syntax, frame: &mut Frame) -> Syntax {
        let Some([head, pairs @ ..]) = spec.items() else { return spec.clone() };
        let attach = Syntax::new(Node::Name(Name::Plain(ATTACH.into())), spec.span);
        if !head.is_word("contract-out") || !self.modules.within() || !self.knows(&attach, frame.scope) {
            return spec.clone();
        }
        let mut out = vec![head.clone()];
        let mut renamed = vec![self.fill(spec, "rename-out", &[])];
        for pair in pairs {
            match pair.items() {
                Some([name, contract]) if name.name().is_some() && self.knows(contract, frame.scope) => {
                    let hidden = format!("%out-{name}");
                    let hidden = Syntax::new(Node::Name(Name::Plain(hidden.into())), name.span);
                    let parts = [
                        ("HIDDEN", Part::One(&hidden)),
                        ("ATTACH", Part::One(&attach)),
                        ("CONTRACT", Part::One(contract)),
                        ("NAME", Part::One(name)),
                    ];
                    frame.promises.push(self.fill(
                        pair,
                        "(define HIDDEN (ATTACH CONTRACT NAME 'NAME 'module #t))",
                        &parts,
                    ));
                    renamed.push(Syntax::list(vec![hidden, name.clone()], pair.span));
                }
                _ => out.push(pair.clone()),
            }
        }
        let combine = self.fill(spec, "combine-out", &[]);
        let both = vec![combine, Syntax::list(out, spec.span), Syntax::list(renamed, spec.span)];
        Syntax::list(both, spec.span)
    }

    /// Whether every name in an expression means something.
    fn knows(&self, code: &Syntax, scope: &Scope) -> bool {
        match (code.name(), code.items()) {
            (Some(name), _) => {
                code.keyword().is_some() || scope.find(name).is_some() || self.natives.contains(&**name.word())
            }
            (None, Some(items)) => items.iter().all(|item| self.knows(item, scope)),
            (None, None) => true,
        }
    }

    /// What a module of Racket's gives is there already, whatever its name; what it is to be called otherwise is bound.
    pub(super) fn require(&mut self, spec: &Syntax, frame: &mut Frame) -> Step<()> {
        if frame.top.is_none() {
            modules::not_within(spec)?;
        }
        if let Some([word, .., name]) = spec.items()
            && word.is_word("submod")
            && let Some(at) = frame.within.iter().position(|(known, _)| name.is_word(known))
        {
            let forms = std::mem::take(&mut frame.within[at].1);
            return forms.iter().try_for_each(|form| self.gather(form, frame));
        }
        if let Some(taken) = self.taken(spec)? {
            let Exports { all, stated } = taken;
            return all.into_iter().try_for_each(|(word, binding)| import(word, binding, spec, stated, frame));
        }
        let rename = |new: &Syntax, old: Rc<str>| {
            if let (Some(new), Some(binding)) = (new.name(), self.meaning(&old)) {
                frame.scope.bind(new.clone(), binding);
            }
        };
        match spec.items().unwrap_or_default() {
            [word, prefix, _] if word.is_word("prefix-in") => {
                let Some(prefix) = prefix.word() else { return Ok(()) };
                for (word, binding) in self.language() {
                    frame.scope.bind(Name::Plain(format!("{prefix}{word}").into()), binding);
                }
            }
            [word, _, names @ ..] if word.is_word("rename-in") || word.is_word("only-in") => {
                for pair in names {
                    if let Some([old, new]) = pair.items()
                        && let Some(old) = old.word()
                    {
                        rename(new, old.into());
                    }
                }
            }
            [word, ..] if word.is_word("submod") || word.is_word("lib") => {}
            [_, specs @ ..] => specs.iter().try_for_each(|spec| self.require(spec, frame))?,
            [] => {}
        }
        Ok(())
    }
}

/// Binds what was required.
fn import(word: Rc<str>, binding: Binding, spec: &Syntax, stated: bool, frame: &mut Frame) -> Step<()> {
    let name = Name::Plain(word.clone());
    let defined = frame.top.as_ref().is_some_and(|defined| defined.contains(&name));
    let other = frame.imported.contains_key(&word) && !frame.scope.bound(&name).is_some_and(|known| known.is(&binding));
    // A module within a program that says nothing of what it gives is there for what it shows.
    let within = matches!(spec.items(), Some([word, _]) if word.is_word("quote"));
    if !stated && (defined || other && within) {
        return Ok(());
    }
    if defined || other {
        let at = Syntax::new(Node::Name(name), spec.span);
        return Err(twice_known(&at, &spec.to_string()));
    }
    frame.scope.bind(name, binding);
    frame.imported.insert(word, (spec.to_string().into(), stated));
    Ok(())
}

pub(super) fn twice_known(name: &Syntax, file: &str) -> ScriptError {
    let hint =
        format!("give one of them another name, or take it as another: `(require (rename-in {file} [{name} …]))`");
    error(name.span, format!("`{name}` is required from {file}, and defined elsewhere too"), hint)
}
