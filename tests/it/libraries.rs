//! Libraries of a virtual environment, within a session's walls.

use crate::program::script;

/// A virtual environment with libraries that compute, made once; none where they cannot be had.
fn environment() -> Option<std::path::PathBuf> {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("numeric");
    let ready = folder.join("ready");
    if ready.exists() {
        return Some(folder);
    }
    // What an interrupted run left.
    let _ = std::fs::remove_dir_all(&folder);
    // The Python that sessions have, which need not be the first on the path.
    let python = script(
        "(py-eval \"import sys, os\nos.path.join(sys.base_prefix, 'bin', 'python%d.%d' % sys.version_info[:2])\")",
    )
    .run();
    let made = |program: &std::path::Path, arguments: &[&str]| {
        let output = std::process::Command::new(program).args(arguments).output();
        match output {
            Ok(output) if output.status.success() => true,
            Ok(output) => {
                eprintln!("{}", String::from_utf8_lossy(&output.stderr));
                false
            }
            Err(problem) => {
                eprintln!("{}: {problem}", program.display());
                false
            }
        }
    };
    let place = folder.display().to_string();
    let installed = made(python.value().as_ref(), &["-m", "venv", &place])
        && made(
            &folder.join("bin/python"),
            &[
                "-m",
                "pip",
                "install",
                "--quiet",
                "--only-binary=:all:",
                "--timeout",
                "30",
                "--retries",
                "1",
                "numpy",
                "pandas",
            ],
        );
    if !installed {
        return None;
    }
    std::fs::write(ready, "").unwrap();
    Some(folder)
}

#[test]
fn numpy_and_pandas_import_and_compute_confined() {
    let Some(environment) = environment() else {
        return eprintln!("skipped: numpy and pandas cannot be installed here");
    };
    let text = r#"
(py-exec #<<PY
import io
import numpy as np, pandas as pd
a = np.arange(250000, dtype=float).reshape(500, 500)
print((a @ a.T).shape, float(np.linalg.norm(np.eye(9))), int(np.random.default_rng(1).integers(1, 2)))
frame = pd.read_csv(io.StringIO("day,n\n2026-01-01,1\n2026-01-01,2\n2026-01-02,3\n"), parse_dates=["day"])
print(frame.groupby("day")["n"].sum().tolist(), frame["day"].dt.tz_localize("Europe/Berlin").dt.day_of_week.tolist())
PY
)"#;
    let ran = script(text).env("VIRTUAL_ENV", &environment.display().to_string()).run();
    assert_eq!((ran.value(), &*ran.stderr), ("(500, 500) 3.0 1\n[3, 3] [3, 3, 4]", ""), "{ran:?}");
}
