//! `bessemer mcp` and the official Python client.

use crate::program::confines;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A virtual environment that has the official client, made once; `None` where pip cannot install it.
fn python_client() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mcp-client");
    let python = folder.join("bin/python");
    let works = |python: &Path| {
        let import = Command::new(python).args(["-c", "import mcp"]).stderr(Stdio::null()).status();
        import.is_ok_and(|status| status.success())
    };
    if !works(&python) {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).output();
        let installed = made.is_ok_and(|made| made.status.success())
            && Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "mcp"])
                .output()
                .is_ok_and(|pip| pip.status.success());
        if !installed || !works(&python) {
            return None;
        }
    }
    Some(python)
}

#[test]
fn the_official_python_client_works_with_it() {
    let Some(python) = python_client() else {
        eprintln!("skipped: pip cannot install the package `mcp` here");
        return;
    };
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mcp/client.py"));
    command.arg(env!("CARGO_BIN_EXE_bessemer")).args(["mcp", "--offline"]);
    if !confines() {
        command.arg("--no-sandbox");
    }
    let output = command.output().expect("Python runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_eq!(stdout.lines().last(), Some("all done"), "{stdout}{stderr}");
}
