//! A store that keeps nothing: for a run whose events are wanted and whose answers are not kept.

use super::store::{CallEntry, CallMark, Event, Kept, NewRun, Place, Problem, RunId, Setup, Store, Summary, Taken};
use std::collections::HashMap;

/// Forgets what it is given.
pub struct Nowhere;

impl Store for Nowhere {
    fn begin(&mut self, _: &NewRun) -> Result<RunId, Problem> {
        Ok(RunId(0))
    }

    fn take_up(&mut self, run: &Summary) -> Result<(), Problem> {
        Err(Problem::Taken(run.name.clone()))
    }

    fn commit(&mut self, _: &[Kept], _: Option<&Taken>) -> Result<(), Problem> {
        Ok(())
    }

    fn runs(&mut self, _: Option<&str>) -> Result<Vec<Summary>, Problem> {
        Ok(Vec::new())
    }

    fn program(&mut self, _: RunId) -> Result<(String, Setup), Problem> {
        Ok(Default::default())
    }

    fn marks(&mut self, _: RunId) -> Result<Vec<CallMark>, Problem> {
        Ok(Vec::new())
    }

    fn call(&mut self, _: Place) -> Result<CallEntry, Problem> {
        Err(Problem::Stopped)
    }

    fn calls(&mut self, _: RunId, _: &mut dyn FnMut(CallEntry)) -> Result<(), Problem> {
        Ok(())
    }

    fn checkpoints(&mut self, _: RunId) -> Result<HashMap<String, String>, Problem> {
        Ok(HashMap::new())
    }

    fn events(&mut self, _: RunId, _: &mut dyn FnMut(Event)) -> Result<(), Problem> {
        Ok(())
    }

    fn delete(&mut self, _: RunId) -> Result<(), Problem> {
        Ok(())
    }
}
