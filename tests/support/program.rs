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
    /// What it finds on standard input.
    stdin: Option<PathBuf>,
    /// Whether it runs in its own folder.
    in_folder: bool,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
}

/// The program, with nothing of this environment that would change what it does.
pub(crate) fn bessemer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bessemer"));
    for name in [
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_BASE_URL",
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
        "GEMINI_BASE_URL",
        "GOOGLE_GEMINI_BASE_URL",
        "VIRTUAL_ENV",
        "RUST_LOG",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "CLICOLOR",
        "BESSEMER_JOURNAL",
    ] {
        command.env_remove(name);
    }
    // A configuration of this machine's user would be heeded.
    command.env("XDG_CONFIG_HOME", "/nowhere");
    command.env_remove("CI"); // its presence alone makes colours of a terminal's
    // Neither the journal nor the cache of whoever runs the tests.
    command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"));
    command.env("XDG_DATA_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/data"));
    command.stdin(Stdio::null());
    command
}

/// Whether this system can confine scripts. Where it cannot, tests run them as they are, and those of the wall are skipped.
pub(crate) fn confines() -> bool {
    bessemer::landlock_abi().is_some()
}

/// A zygote of the program's.
pub(crate) fn zygote() -> bessemer::session::Zygote {
    let program = bessemer::session::Interpreter::Path(env!("CARGO_BIN_EXE_bessemer").into());
    let zygote = bessemer::session::Zygote::start(&program).expect("the zygote starts");
    if confines() { zygote } else { zygote.without_sandbox() }
}

/// Runs a command to its end.
pub(crate) fn ran(command: &mut Command) -> Ran {
    Ran::new(command.output().expect("bessemer runs"))
}

/// A run of this script's text. Offline unless a server is given.
pub(crate) fn script(text: &str) -> Program {
    let folder = TempDir::new().expect("a folder for the script");
    let script = folder.path().join("script.scm");
    std::fs::write(&script, text).expect("the script is written");
    Program {
        folder,
        script,
        arguments: vec!["--offline".into()],
        environment: Vec::new(),
        stdin: None,
        in_folder: false,
    }
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

    /// Sends the calls to this server as to the provider whose variables begin so, with a key.
    pub(crate) fn provider(mut self, name: &str, mock: &Mock) -> Self {
        self.arguments.retain(|a| a != "--offline");
        let base = if name == "OPENAI" { mock.base_url() } else { mock.root_url() };
        self.env(&format!("{name}_BASE_URL"), &base).env(&format!("{name}_API_KEY"), "key-of-the-test")
    }

    /// Lets its calls go to whatever is configured.
    pub(crate) fn online(&mut self) {
        self.arguments.retain(|a| a != "--offline");
    }

    /// Gives the script a context.
    pub(crate) fn context(self, text: &str) -> Self {
        let path = self.folder.path().join("context.txt");
        std::fs::write(&path, text).expect("the context is written");
        self.args(&["--context", &path.display().to_string()])
    }

    /// Puts a file beside the script, and runs it there.
    pub(crate) fn file(mut self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the folder is made");
        std::fs::write(path, contents).expect("the file is written");
        self.in_folder = true;
        self
    }

    /// Gives it this on standard input.
    pub(crate) fn stdin(mut self, contents: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join("stdin");
        std::fs::write(&path, contents).expect("standard input is written");
        self.stdin = Some(path);
        self
    }

    /// The folder that the script is in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.script
    }

    /// Another subcommand in the run's environment: it has the same journal.
    pub(crate) fn also(&self, arguments: &[&str]) -> Command {
        let mut command = bessemer();
        command.env("XDG_DATA_HOME", self.folder.path().join("data"));
        command.env("XDG_CACHE_HOME", self.folder.path().join("cache"));
        command.envs(self.environment.iter().map(|(n, v)| (n, v)));
        command.args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Its journal.
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.path().join("data/bessemer/journal.sqlite")
    }

    /// The command, to be run in a way of the test's own.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.also(&[]);
        command.arg("run").arg(&self.script);
        if !confines() {
            command.arg("--no-sandbox");
        }
        command.args(&self.arguments);
        let stdin = self.stdin.as_ref().map(|path| std::fs::File::open(path).expect("standard input is there"));
        if self.in_folder {
            command.current_dir(self.folder.path());
        }
        command.stdin(stdin.map_or_else(Stdio::null, Stdio::from)).stdout(Stdio::piped()).stderr(Stdio::piped());
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
