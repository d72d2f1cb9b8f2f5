//! What flags and `bessemer.toml` grant and deny: exactly that, and the neighbour stays shut.

mod network;
mod programs;
mod settings;

use crate::program::{Ran, confines, script};

/// Whether there is no wall here to open; if so, it says so.
fn skipped() -> bool {
    let none = !confines();
    if none {
        eprintln!("skipped: this kernel has no Landlock, so nothing can be confined");
    }
    none
}

/// What these Python expressions give, one a line: their value, or the name of the exception.
fn tried(expressions: &[&str], arguments: &[&str], environment: &[(&str, &str)]) -> (Vec<String>, Ran) {
    let tries: String = expressions.iter().map(|e| format!("attempt(lambda: {e})\n")).collect();
    let text = format!(
        r#"
(py-exec #<<PY
import asyncio, ctypes, http.client, os, socket, ssl, subprocess, sys, threading, urllib.request
def attempt(thunk):
    try:
        print(repr(thunk()))
    except (OSError, subprocess.SubprocessError) as problem:
        print(type(problem).__name__)
{tries}
PY
)"#
    );
    let mut program = script(&text).args(arguments);
    for (name, value) in environment {
        program = program.env(name, value);
    }
    let ran = program.run();
    let lines = ran.value().lines().map(str::to_owned).collect();
    (lines, ran)
}

#[test]
fn a_session_has_no_variable_but_those_that_were_granted() {
    if skipped() {
        return;
    }
    let environment = [("BESSEMER_TEST_A", "a b"), ("BESSEMER_TEST_B", "b"), ("OPENAI_API_KEY", "sk-1")];
    let named = "sorted(n for n in os.environ if n.startswith(('BESSEMER', 'OPENAI')))";
    let raw = "ctypes.CDLL(None).getenv(b'HOME')";
    for (arguments, wanted) in [
        (vec![], ["0", "[]"]),
        (vec!["--allow-env=BESSEMER_TEST_A"], ["1", "['BESSEMER_TEST_A']"]),
        (vec!["--allow-env=BESSEMER_TEST_A", "--deny-env=BESSEMER_TEST_A"], ["0", "[]"]),
        (vec!["--allow-env=OPENAI_API_KEY"], ["1", "['OPENAI_API_KEY']"]),
    ] {
        let (lines, ran) = tried(&["len(os.environ)", named, raw], &arguments, &environment);
        assert_eq!(lines, [wanted[0], wanted[1], "0"], "{arguments:?}: {ran:?}");
    }
    // All of them are all but keys.
    for flag in ["--allow-env", "-A"] {
        let (lines, ran) = tried(&[named, "os.environ['BESSEMER_TEST_A']"], &[flag], &environment);
        assert_eq!(lines, ["['BESSEMER_TEST_A', 'BESSEMER_TEST_B']", "'a b'"], "{ran:?}");
    }
}

#[test]
fn a_denial_shuts_a_part_of_what_is_granted() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir_all(path("secret/deep")).unwrap();
    std::fs::create_dir(path("plain")).unwrap();
    for name in ["a.txt", "plain/b.txt", "secret/c.txt", "secret/deep/d.txt", "e.txt"] {
        std::fs::write(path(name), name).unwrap();
    }
    std::os::unix::fs::symlink(path("secret"), path("way")).unwrap();
    std::os::unix::fs::symlink(path("e.txt"), path("plain/e")).unwrap();
    std::fs::hard_link(path("e.txt"), path("twin.txt")).unwrap();
    let read = |name: &str| format!("open({:?}).read()", path(name));
    let expressions: Vec<String> =
        ["a.txt", "plain/b.txt", "secret/c.txt", "secret/deep/d.txt", "way/c.txt", "e.txt", "plain/e", "twin.txt"]
            .iter()
            .map(|name| read(name))
            .chain([
                format!("os.listdir({:?})", path("plain")),
                format!("os.listdir({:?})", folder.path()),
                format!("open({:?}, 'w').write('x')", path("plain/new.txt")),
                format!("open({:?}, 'w').write('x')", path("secret/new.txt")),
            ])
            .collect();
    let expressions: Vec<&str> = expressions.iter().map(String::as_str).collect();
    let all = folder.path().display();
    let arguments = [
        format!("--allow-read={all}"),
        format!("--deny-read={},{}", path("secret"), path("e.txt")),
        format!("--allow-write={all}"),
        format!("--deny-write={}", path("secret")),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (lines, ran) = tried(&expressions, &arguments, &[]);
    let shut = "PermissionError";
    let mut wanted = vec!["'a.txt'", "'plain/b.txt'", shut, shut, shut, shut, shut, shut];
    wanted.extend(["['e', 'b.txt']", shut, "1", shut]);
    let sorted = lines.iter().map(|line| line.replace("['b.txt', 'e']", "['e', 'b.txt']")).collect::<Vec<_>>();
    assert_eq!(sorted, wanted, "{ran:?}");
    // Scheme's own procedures say why.
    let ran = script(&format!("(read-file {:?})", path("secret/c.txt"))).args(&arguments).run();
    assert!(ran.code == Some(3) && ran.stderr.contains("hint: `--deny-read` shuts it"), "{ran:?}");
    let ran = script(&format!("(list-files \"{all}/*\")")).args(&arguments).run();
    assert!(ran.code == Some(3) && ran.stderr.contains("shuts a part of it, and so the list"), "{ran:?}");
    // A folder that is not there yet is shut as well.
    let later = [format!("--allow-write={all}"), format!("--deny-write={}", path("later"))];
    let making = format!("os.mkdir({:?})", path("later"));
    let (lines, ran) = tried(&[&making], &later.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    assert_eq!(lines, [shut], "{ran:?}");
}

#[test]
fn everything_less_what_is_denied() {
    if skipped() {
        return;
    }
    let (lines, ran) = tried(
        &["len(open('/etc/passwd').read()) > 0", "open('/etc/group').read()", "open('/proc/self/status').read() > ''"],
        &["--allow-read", "--deny-read=/etc/group"],
        &[],
    );
    assert_eq!(lines, ["True", "PermissionError", "True"], "{ran:?}");
    let (lines, ran) = tried(&["open('/etc/passwd').read()", "len(sys.path) > 0"], &["-A", "--deny-read"], &[]);
    assert_eq!(lines, ["PermissionError", "True"], "{ran:?}");
}

#[test]
fn all_that_can_be_granted_leaves_the_wall_standing() {
    if skipped() {
        return;
    }
    let (lines, ran) = tried(
        &[
            "len(open('/etc/passwd').read()) > 0",
            "subprocess.run(['true']).returncode",
            "socket.socket().fileno() > 0",
            "open(f'/proc/{os.getppid()}/environ').read()",
            "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
            "os.kill(os.getppid(), 0)",
            "os.setsid()",
            "socket.socket(socket.AF_UNIX)",
            "socket.create_connection(('127.0.0.1', 1), 1)",
            "os.unshare(0x20000) if hasattr(os, 'unshare') else os.setuid(1)",
        ],
        &["-A"],
        &[],
    );
    let shut = "PermissionError";
    assert_eq!(lines, ["True", "0", "True", shut, shut, shut, shut, shut, shut, shut], "{ran:?}");
}

#[test]
fn a_new_folder_is_granted_by_a_slash_at_its_end() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (lines, ran) = tried(&[&format!("os.mkdir({:?})", path("out"))], &[], &[]);
    assert_eq!(lines, ["PermissionError"], "{ran:?}");
    let ran = script(&format!("(py-exec \"import os; os.makedirs('{}')\")", path("out"))).run();
    assert!(ran.stderr.contains(&format!("`--allow-write={}/`", path("out"))), "{ran:?}");
    let write = format!("open({:?}, 'w').write('x')", path("out/new.txt"));
    let made = format!("os.makedirs({:?}, exist_ok=True)", path("out/deep"));
    let grant = format!("--allow-write={},{}", path("out/"), path("none/"));
    let (lines, ran) = tried(&[&made, &write], &[&grant], &[]);
    assert_eq!(lines, ["None", "1"], "{ran:?}");
    assert_eq!(std::fs::read_to_string(path("out/new.txt")).unwrap(), "x");
    assert!(!folder.path().join("none").exists(), "what the script left empty goes again");
}
