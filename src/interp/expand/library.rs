//! The language's own definitions, of which Steel is given what is needed.
//!
//! Compiling all of them takes Steel longer than everything else at a start, and a program names few. What one names is
//! given before it runs, with what that needs; the zygote, when it has nothing else to do, gives the rest.
//!
//! What needs each other comes together. A variable that is assigned to stays with all that name it: Steel takes it for a
//! constant in a program that does not assign to it. What Steel does with a program takes time by its definitions times
//! its calls, so many are given in parts.

use super::{
    code::{Code, Op, Top},
    scope::Global,
};
use std::{collections::HashMap, mem, rc::Rc};

/// About so many definitions make a part.
const PART: usize = 30;

#[derive(Default)]
pub(super) struct Library {
    /// What others need comes first.
    groups: Vec<Group>,
    /// Which group defines a variable.
    of: HashMap<*const Global, usize>,
    /// All groups before this have been given.
    given: usize,
}

struct Group {
    /// What is not given yet, in the order of the text.
    tops: Vec<Top>,
    /// The groups that it names.
    needs: Vec<usize>,
}

impl Library {
    pub(super) fn new(tops: Vec<Top>) -> Self {
        let defined: HashMap<*const Global, usize> = tops
            .iter()
            .enumerate()
            .flat_map(|(at, top)| top.defined().iter().map(move |g| (Rc::as_ptr(g), at)))
            .collect();
        let needs = needs(&tops, &defined);
        let groups = groups(needs.clone());
        let mut of_top = vec![0; tops.len()];
        for (number, group) in groups.iter().enumerate() {
            group.iter().for_each(|at| of_top[*at] = number);
        }
        let mut tops: Vec<Option<Top>> = tops.into_iter().map(Some).collect();
        let groups = groups.into_iter().map(|group| Group {
            needs: group.iter().flat_map(|at| &needs[*at]).map(|other| of_top[*other]).collect(),
            tops: group.iter().filter_map(|at| tops[*at].take()).collect(),
        });
        Self {
            groups: groups.collect(),
            of: defined.into_iter().map(|(global, at)| (global, of_top[at])).collect(),
            given: 0,
        }
    }

    /// The groups that these forms name.
    pub(super) fn named_by(&self, tops: &[Top]) -> Vec<usize> {
        let mut named = Vec::new();
        for top in tops {
            mentioned(top.code(), &mut |global| named.extend(self.of.get(&Rc::as_ptr(global))));
        }
        named
    }

    /// The groups that define what Steel calls so.
    pub(super) fn defining(&self, names: &[&str]) -> Vec<usize> {
        let defines = |group: &Group| group.tops.iter().flat_map(Top::defined).any(|g| names.contains(&&*g.steel));
        self.groups.iter().enumerate().filter(|(_, group)| defines(group)).map(|(at, _)| at).collect()
    }

    /// Takes out the next part of what is left.
    pub(super) fn next(&mut self) -> Option<Vec<Top>> {
        let mut part = Vec::new();
        while part.len() < PART && self.given < self.groups.len() {
            part.append(&mut self.groups[self.given].tops);
            self.given += 1;
        }
        (!part.is_empty()).then_some(part)
    }

    /// Takes out these groups and what they need, in parts.
    pub(super) fn take(&mut self, mut open: Vec<usize>) -> Vec<Vec<Top>> {
        let mut wanted = Vec::new();
        while let Some(at) = open.pop() {
            if at >= self.given && !self.groups[at].tops.is_empty() {
                open.extend(&self.groups[at].needs);
                wanted.push((at, mem::take(&mut self.groups[at].tops)));
            }
        }
        wanted.sort_unstable_by_key(|(at, _)| *at);
        let mut parts: Vec<Vec<Top>> = Vec::new();
        for (_, tops) in wanted {
            match parts.last_mut().filter(|part| part.len() < PART) {
                Some(part) => part.extend(tops),
                None => parts.push(tops),
            }
        }
        parts
    }
}

/// What each definition names, by their places.
fn needs(tops: &[Top], defined: &HashMap<*const Global, usize>) -> Vec<Vec<usize>> {
    let mut needs = vec![Vec::new(); tops.len()];
    for (at, top) in tops.iter().enumerate() {
        mentioned(top.code(), &mut |global| {
            if let Some(&other) = defined.get(&Rc::as_ptr(global)) {
                needs[at].push(other);
                if global.assigned.get() {
                    needs[other].push(at);
                }
            }
        });
    }
    needs
}

/// The strongly connected parts of what needs what, those that others need first (Tarjan's algorithm).
fn groups(needs: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    let count = needs.len();
    let mut search = Search { needs, number: vec![None; count], ..Search::default() };
    for at in 0..count {
        if search.number[at].is_none() {
            search.visit(at);
        }
    }
    search.groups
}

#[derive(Default)]
struct Search {
    needs: Vec<Vec<usize>>,
    /// When each was met, and whether its group is still open.
    number: Vec<Option<(usize, bool)>>,
    met: usize,
    open: Vec<usize>,
    groups: Vec<Vec<usize>>,
}

impl Search {
    /// Gives the earliest one still open that this one needs, by when it was met.
    fn visit(&mut self, at: usize) -> usize {
        let number = self.met;
        let mut lowest = number;
        self.met += 1;
        self.number[at] = Some((number, true));
        self.open.push(at);
        for other in std::mem::take(&mut self.needs[at]) {
            lowest = lowest.min(match self.number[other] {
                None => self.visit(other),
                Some((other, true)) => other,
                Some((_, false)) => continue,
            });
        }
        if lowest == number {
            let from = self.open.iter().rposition(|other| *other == at).unwrap_or(0);
            let mut group = self.open.split_off(from);
            for other in &group {
                if let Some((_, open)) = &mut self.number[*other] {
                    *open = false;
                }
            }
            group.sort_unstable();
            self.groups.push(group);
        }
        lowest
    }
}

/// Shows every variable of the top level that is named.
fn mentioned(code: &Code, see: &mut impl FnMut(&Rc<Global>)) {
    match &code.op {
        Op::Quote(_) | Op::Local(_) | Op::Native(_) => {}
        Op::Global(global) => see(global),
        Op::SetGlobal(global, value) => {
            see(global);
            mentioned(value, see);
        }
        Op::If(test, yes, no) => [test, yes, no].into_iter().for_each(|code| mentioned(code, see)),
        Op::Lambda(lambda) => mentioned(&lambda.body, see),
        Op::Call(codes) | Op::Begin(codes) => codes.iter().for_each(|code| mentioned(code, see)),
        Op::Let(bindings, body) => {
            bindings.iter().for_each(|(_, code)| mentioned(code, see));
            mentioned(body, see);
        }
        Op::Body(steps, value) => {
            steps.iter().for_each(|(_, code)| mentioned(code, see));
            mentioned(value, see);
        }
        Op::SetLocal(_, value) => mentioned(value, see),
    }
}
