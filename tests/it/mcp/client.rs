//! A server started, and a client that speaks to it line by line.

use crate::{
    mock::Mock,
    program::{bessemer, confines},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// A client that speaks the protocol line by line.
pub(super) struct Client {
    pub(super) child: Child,
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: BufReader<ChildStdout>,
    pub(super) last: u64,
    /// Messages that were no answer.
    pub(super) told: Vec<Value>,
}

impl Client {
    /// The server, started and greeted.
    pub(super) fn start(command: &mut Command) -> Self {
        Self::with(command, json!({}))
    }

    pub(super) fn with(command: &mut Command, capabilities: Value) -> Self {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the server starts");
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut client = Self { stdin: child.stdin.take(), child, stdout, last: 0, told: Vec::new() };
        let info = json!({ "name": "test", "version": "1" });
        let params = json!({ "protocolVersion": "2025-06-18", "capabilities": capabilities, "clientInfo": info });
        let hello = client.ask("initialize", params).expect("a greeting");
        assert_eq!(hello["serverInfo"]["name"], "bessemer");
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string());
        client
    }

    pub(super) fn send(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().expect("it is open"), "{line}").expect("the server listens");
    }

    /// Sends a request: its number.
    pub(super) fn request(&mut self, method: &str, params: Value) -> u64 {
        self.last += 1;
        let request = json!({ "jsonrpc": "2.0", "id": self.last, "method": method, "params": params });
        self.send(&request.to_string());
        self.last
    }

    /// What comes next. All that comes is the protocol's.
    pub(super) fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the server speaks");
        assert!(!line.is_empty(), "the server has ended");
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("no protocol ({e}): {line}"));
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
        message
    }

    /// The answer to a request.
    pub(super) fn answer(&mut self, id: u64) -> Result<Value, Value> {
        loop {
            if let Some(at) = self.told.iter().position(|message| message["id"] == id) {
                let mut message = self.told.remove(at);
                return match message.get_mut("error") {
                    Some(error) => Err(error.take()),
                    None => Ok(message["result"].take()),
                };
            }
            let message = self.hear();
            self.told.push(message);
        }
    }

    pub(super) fn ask(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.request(method, params);
        self.answer(id)
    }

    /// A tool's text; an error of its own begins with `!`.
    pub(super) fn tool(&mut self, name: &str, arguments: Value) -> String {
        let result = self.ask("tools/call", json!({ "name": name, "arguments": arguments }));
        text(&result.unwrap_or_else(|error| panic!("{name}: {error}")))
    }

    pub(super) fn run(&mut self, code: &str) -> String {
        self.tool("execute_scheme", json!({ "code": code }))
    }

    /// Goes away: what the server wrote to stderr, and its exit code.
    pub(super) fn leave(mut self) -> (String, Option<i32>) {
        drop(self.stdin.take());
        let mut rest = String::new();
        let stderr = self.child.stderr.take().unwrap();
        let told = std::thread::spawn(move || std::io::read_to_string(stderr).unwrap());
        while self.stdout.read_line(&mut rest).expect("text") > 0 {
            serde_json::from_str::<Value>(&rest).expect("protocol to the end");
            rest.clear();
        }
        (told.join().unwrap(), self.child.wait().unwrap().code())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asserts that a text begins so.
#[track_caller]
pub(super) fn begins(text: &str, wanted: &str) {
    assert!(text.starts_with(wanted), "`{wanted}` was wanted, and this came: {text}");
}

pub(super) fn text(result: &Value) -> String {
    let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"));
    format!("{}{text}", if result["isError"] == true { "!" } else { "" })
}

/// The command of a server, in a folder of its own.
pub(super) fn server(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = bessemer();
    command.current_dir(folder).arg("mcp").args(arguments);
    if !confines() {
        command.arg("--no-sandbox");
    }
    command
}

pub(super) fn offline() -> Client {
    Client::start(&mut server(&std::env::temp_dir(), &["--offline"]))
}

/// A server whose calls go to a mock.
pub(super) fn served(mock: &Mock, arguments: &[&str]) -> Client {
    let arguments = [&["--model", "mock"], arguments].concat();
    Client::start(server(&std::env::temp_dir(), &arguments).env("OPENAI_BASE_URL", mock.base_url()))
}
