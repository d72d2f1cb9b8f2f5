//! Runs `bessemer` as a user does and shows all that came of it.

use crate::mock::Mock;
use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

/// One run of the program: its script, flags and environment.
pub(crate) struct Program {
    folder: TempDir,
    script: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
}

/// A run of this script's text. Offline unless a server is given.
pub(crate) fn script(text: &str) -> Program {
    let folder = TempDir::new().expect("a folder for the script");
    let script = folder.path().join("script.scm");
    std::fs::write(&script, text).expect("the script is written");
    Program { folder, script, arguments: vec!["--offline".into()], environment: Vec::new() }
}

impl Program {
    /// Adds arguments of the command line.
    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|a| (*a).to_owned()));
        self
    }

    /// Adds a variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Sends the calls to this server.
    pub(crate) fn server(mut self, mock: &Mock) -> Self {
        self.arguments.retain(|a| a != "--offline");
        self.env("OPENAI_BASE_URL", &mock.base_url()).args(&["--model", "mock"])
    }

    /// Gives the script a context.
    pub(crate) fn context(self, text: &str) -> Self {
        let path = self.folder.path().join("context.txt");
        std::fs::write(&path, text).expect("the context is written");
        self.args(&["--context", &path.display().to_string()])
    }

    pub(crate) fn path(&self) -> &Path {
        &self.script
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bessemer"));
        for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "VIRTUAL_ENV", "RUST_LOG"] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(n, v)| (n, v)));
        command.arg("run").arg(&self.script).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self) -> Ran {
        Ran::new(self.command().output().expect("bessemer runs"))
    }

    /// Runs it with `--json` and gives the object.
    pub(crate) fn json(self) -> serde_json::Value {
        let ran = self.args(&["--json"]).run();
        serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("no JSON ({e}): {ran:?}"))
    }

    /// Starts it, to be waited for by [`ended`].
    pub(crate) fn start(&self) -> Child {
        self.command().spawn().expect("bessemer starts")
    }
}

impl Ran {
    fn new(output: Output) -> Self {
        Self {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
        }
    }

    /// The value on stdout of a run that must have ended well.
    pub(crate) fn value(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout.trim_end_matches('\n')
    }
}

/// Waits for a started run.
pub(crate) fn ended(child: Child) -> Ran {
    Ran::new(child.wait_with_output().expect("bessemer ends"))
}

/// The processes below this one, deepest last: the zygote, and its sessions.
pub(crate) fn descendants(pid: u32) -> Vec<u32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children: Vec<u32> = children.split_whitespace().filter_map(|p| p.parse().ok()).collect();
    let below = children.iter().flat_map(|child| descendants(*child)).collect::<Vec<_>>();
    [children, below].concat()
}

/// Whether a process runs. One that has ended and was not reaped does not.
pub(crate) fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z') && !rest.starts_with('X'))
}
