//! The order in which the language's own definitions are given to Steel: a part at a time.
//!
//! What Steel does with a program takes time by its definitions times its calls, and the prelude has thousands of both. So
//! what others need comes first, and what needs each other comes together. A variable that is assigned to stays with all
//! that name it: Steel takes it for a constant in a program that does not assign to it.

use super::{
    code::{Code, Op, Top},
    scope::Global,
};
use std::{collections::HashMap, rc::Rc};

/// About so many definitions make a part.
const PART: usize = 30;

/// The parts, each in the order of the text.
pub(super) fn parts(tops: Vec<Top>) -> Vec<Vec<Top>> {
    let groups = groups(&tops);
    let mut tops: Vec<Option<Top>> = tops.into_iter().map(Some).collect();
    let mut parts: Vec<Vec<Top>> = Vec::new();
    for group in groups {
        let group = group.into_iter().filter_map(|at| tops[at].take());
        match parts.last_mut().filter(|part| part.len() < PART) {
            Some(part) => part.extend(group),
            None => parts.push(group.collect()),
        }
    }
    parts
}

/// The strongly connected parts of what needs what, those that others need first (Tarjan's algorithm).
fn groups(tops: &[Top]) -> Vec<Vec<usize>> {
    let place = |global: &Rc<Global>| Rc::as_ptr(global) as usize;
    let defined: HashMap<usize, usize> =
        tops.iter().enumerate().flat_map(|(at, top)| top.defined().iter().map(move |g| (place(g), at))).collect();
    let mut needs = vec![Vec::new(); tops.len()];
    for (at, top) in tops.iter().enumerate() {
        mentioned(top.code(), &mut |global| {
            if let Some(&other) = defined.get(&place(global)) {
                needs[at].push(other);
                if global.assigned.get() {
                    needs[other].push(at);
                }
            }
        });
    }
    let mut search = Search { needs, number: vec![None; tops.len()], ..Search::default() };
    for at in 0..tops.len() {
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
