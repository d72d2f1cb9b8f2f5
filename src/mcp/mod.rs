//! `bessemer mcp`: a server of the Model Context Protocol on standard input and output, for clients whose model writes the
//! programs. It has one session, which lasts until it is reset; what tools order is done one after the other.
//!
//! `tools` declares the tools, `worker` has the session, `runs` knows what is under way and what is over, `plan` asks a
//! model for programs. Standard output is the protocol's alone. Not here: the protocol itself, which is rmcp's.

mod plan;
mod runs;
mod tools;
mod worker;

use crate::{
    context::Contexts,
    embed::{Host, SessionBuilder},
    error::{Error, visible},
    interp::files::Grants,
    permissions::Permissions,
    wire::{Grant, Question},
};
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, CreateTaskResult, GetTaskParams,
        GetTaskResult, Implementation, JsonObject, ListToolsResult, PaginatedRequestParams, ProgressNotificationParam,
        ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
    task_manager::{TaskExit, TaskManager, TaskOptions},
};
use runs::{Runs, answer};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};
use tools::{Does, Entry};
use worker::{Order, Worker};

/// How often a client that wants to know is told how far a program is.
const TICK: Duration = Duration::from_millis(250);
/// How long a task's result is kept, in milliseconds.
const KEPT_MS: u64 = 24 * 60 * 60 * 1000;
/// How much of a context `get_context` shows without being asked for more, in characters.
const PART: u64 = 2_000;
/// The most that it shows, in characters.
const MOST: u64 = 100_000;
/// How each context begins in the list, in characters.
const BEGINNING: u64 = 200;

/// What the server is made of.
pub(crate) struct Setup {
    pub(crate) host: Host,
    /// The session that programs run in.
    pub(crate) session: SessionBuilder,
    /// What it is built with.
    pub(crate) permissions: Permissions,
    pub(crate) max_memory: u64,
}

/// Serves a client until it goes away.
pub(crate) async fn serve(setup: Setup) -> Result<(), Error> {
    let Setup { host, session, permissions, max_memory } = setup;
    let account = session.account();
    let runs = Arc::new(Runs::new(account));
    let (orders, ordered) = mpsc::unbounded_channel();
    // The client is greeted while the session gets ready.
    let works = runs.clone();
    let working = async move {
        let session = session.start().await?;
        Worker { session, runs: works, max_memory, fresh: true }.work(ordered).await;
        // Tools go on saying why there is no session.
        std::future::pending().await
    };
    let server = Server(Arc::new(Inner { host, runs, orders, permissions, max_memory, tasks: TaskManager::new() }));
    let served = async {
        match server.serve(rmcp::transport::stdio_pipes()).await {
            Ok(service) => service.waiting().await.map(|_| ()).map_err(|e| Error::interpreter(e.to_string())),
            // It went before it had said anything.
            Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(e) => Err(Error::Usage {
                message: format!("the client does not speak the protocol: {e}"),
                hint: Some("`bessemer mcp` is started by an MCP client, which talks to its standard input".into()),
            }),
        }
    };
    tokio::select! {
        served = served => served,
        // It could not be started.
        failed = working => failed,
    }
}

#[derive(Clone)]
struct Server(Arc<Inner>);

struct Inner {
    host: Host,
    runs: Arc<Runs>,
    orders: mpsc::UnboundedSender<Order>,
    permissions: Permissions,
    max_memory: u64,
    tasks: TaskManager,
}

/// What a tool gives, or what is wrong, for the client's model to read.
type Told = Result<CallToolResult, String>;

fn parsed<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, String> {
    serde_json::from_value(Value::Object(arguments)).map_err(|e| format!("the arguments do not fit: {e}"))
}

fn text(text: String) -> CallToolResult {
    CallToolResult::success(vec![rmcp::model::ContentBlock::text(text)])
}

fn said(error: &Error) -> String {
    error.plain("", "")
}

impl Inner {
    /// Calls a tool. If that begins a run, `begun` has its number from then on.
    async fn call(&self, entry: &Entry, arguments: JsonObject, begun: &AtomicU32) -> Told {
        match entry.does {
            Does::Execute => self.execute(parsed(arguments)?, begun).await,
            Does::Load => self.load(parsed(arguments)?).await,
            Does::Context => self.context(&parsed(arguments)?),
            Does::Reset => self.reset(&parsed(arguments)?).await,
            Does::State => {
                let tools::Nothing {} = parsed(arguments)?;
                self.state().await
            }
            Does::Status => self.status(&parsed(arguments)?).await,
            Does::Trace => self.trace(&parsed(arguments)?).await,
            Does::Cancel => self.cancel(&parsed(arguments)?),
            Does::Guide => {
                let tools::Nothing {} = parsed(arguments)?;
                Ok(text(tools::guide()))
            }
            Does::Reference => tools::reference(&parsed(arguments)?).map(text),
            Does::Plan => self.plan(parsed(arguments)?).await,
        }
    }

    /// Has the session do something, when its turn comes.
    async fn order<T>(&self, order: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Order) -> Result<T, String> {
        let (reply, done) = oneshot::channel();
        let gone = || "there is no session any more; start the server anew".to_owned();
        self.orders.send(order(reply)).map_err(|_| gone())?;
        done.await.map_err(|_| gone())?.map_err(|e| said(&e))
    }

    /// Begins a run: its number.
    fn begin(&self, asked: &tools::Execute) -> Result<u32, String> {
        let seconds = |s: f64| Duration::try_from_secs_f64(s).ok().filter(|d| !d.is_zero());
        let timeout = match asked.timeout_s {
            None => None,
            Some(s) => Some(seconds(s).ok_or_else(|| format!("`timeout_s` must be a time above zero, not {s}"))?),
        };
        let (number, stop) = self.runs.open(&asked.code);
        let order = Order::Run { number, timeout, stop };
        self.orders.send(order).map_err(|_| "there is no session any more; start the server anew")?;
        Ok(number)
    }

    async fn execute(&self, asked: tools::Execute, begun: &AtomicU32) -> Told {
        let number = self.begin(&asked)?;
        begun.store(number, Relaxed);
        if asked.background {
            let message =
                format!("run {number} has begun; `get_status` with `run: {number}` and `wait_s` waits for it");
            return Ok(answer(message, json!({ "run": number, "status": "running" }), false));
        }
        // When the client does not want it any more, this is dropped.
        let mut stops = StopsIt(self.runs.clone(), Some(number));
        let came = self.runs.ended(number, None).await?;
        stops.1 = None;
        came.map(|came| came.told(asked.max_chars)).ok_or_else(|| "it did not end".into())
    }

    async fn load(&self, asked: tools::Load) -> Told {
        let name = asked.name.unwrap_or_else(|| "context".into());
        let contexts = match (asked.text, asked.path) {
            (Some(text), None) => Contexts::from_text(&name, &text).map_err(|e| said(&e))?,
            (None, Some(path)) => {
                let grants = Grants(self.permissions.granted());
                let real = grants.readable("load_context", &path).map_err(|(message, hint)| match hint {
                    Some(hint) => format!("error: {message}\nhint: {hint}"),
                    None => format!("error: {message}"),
                })?;
                if !real.is_file() {
                    return Err(format!("error: `{path}` is no file\nhint: give one file at a time"));
                }
                let argument = PathBuf::from(format!("{name}={}", real.display()));
                let collected = Contexts::collect(&self.host.zygote, &[argument], false, &mut Vec::new()).await;
                collected.map_err(|e| said(&e))?
            }
            _ => return Err("give `text` or `path`, one of them".into()),
        };
        let contexts = Arc::new(contexts);
        let loaded = contexts.clone();
        self.order(|reply| Order::Load { contexts: loaded, reply }).await?;
        let entry = contexts.table().entries.first().cloned();
        let (chars, bytes) = entry.map_or((0, 0), |entry| (entry.chars, entry.bytes));
        let message = format!("`{name}` has {chars} characters; programs find it by (get-context \"{name}\")");
        Ok(answer(message, json!({ "name": name, "characters": chars, "bytes": bytes }), false))
    }

    /// Every context by its name: the last of a name is the one that programs find.
    fn known(&self) -> BTreeMap<String, (Arc<Contexts>, u64)> {
        let mut known = BTreeMap::new();
        for contexts in self.runs.contexts() {
            for entry in &contexts.table().entries {
                known.insert(entry.name.clone(), (contexts.clone(), entry.chars));
            }
        }
        known
    }

    fn context(&self, asked: &tools::Part) -> Told {
        let known = self.known();
        let part = |name: &str, start: u64, end: u64| {
            let (contexts, chars) = known.get(name).ok_or_else(|| {
                let hint = match crate::interp::nearest(name, known.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "without `name` you see which there are".into(),
                };
                format!("error: there is no context `{name}`\nhint: {hint}")
            })?;
            let text = contexts.excerpt(name, start, end).map_err(|e| said(&e))?.unwrap_or_default();
            Ok::<_, String>((text, *chars))
        };
        let Some(name) = &asked.name else {
            let (mut lines, mut all) = (String::new(), Vec::new());
            for name in known.keys() {
                let (beginning, chars) = part(name, 0, BEGINNING)?;
                lines += &format!("{name}: {chars} characters: {}\n", beginning.replace('\n', " "));
                all.push(json!({ "name": name, "characters": chars, "beginning": beginning }));
            }
            if all.is_empty() {
                lines += "there is no context yet; `load_context` gives the session one\n";
            }
            return Ok(answer(lines, json!({ "contexts": all }), false));
        };
        let start = asked.start.unwrap_or(0);
        let end = asked.end.unwrap_or(start.saturating_add(PART)).min(start.saturating_add(MOST));
        let (shown, chars) = part(name, start, end)?;
        let to = end.min(chars);
        let structured = json!({ "name": name, "start": start, "end": to, "characters": chars, "text": shown });
        Ok(answer(format!("{shown}\n[{name}: characters {start} to {to} of {chars}]"), structured, false))
    }

    async fn reset(&self, asked: &tools::Reset) -> Told {
        self.runs.stop_all();
        let contexts = asked.contexts;
        self.order(|reply| Order::Reset { contexts, reply }).await?;
        let left = self.known().len();
        let message = format!("a fresh session: nothing is defined; it has {left} contexts");
        Ok(answer(message, json!({ "contexts": self.known().keys().collect::<Vec<_>>() }), false))
    }

    async fn state(&self) -> Told {
        let lines = self.order(|reply| Order::Ask { question: Question::Variables, reply }).await?;
        let variables: BTreeMap<&str, &str> = lines.lines().filter_map(|line| line.split_once('\t')).collect();
        let mut shown = String::new();
        for (name, value) in &variables {
            shown += &format!("{name} = {value}\n");
        }
        if variables.is_empty() {
            shown += "nothing is defined\n";
        }
        let contexts: BTreeMap<_, _> = self.known().into_iter().map(|(name, (_, chars))| (name, chars)).collect();
        for (name, chars) in &contexts {
            shown += &format!("context {name}: {chars} characters\n");
        }
        let confined = self.host.zygote.confined();
        shown += if confined { "the operating system confines it\n" } else { "nothing confines it (`--no-sandbox`)\n" };
        let Permissions { read, write, net, env, run, .. } = &self.permissions;
        let grants = json!({
            "read": granted(read), "write": granted(write), "net": granted(net), "env": granted(env), "run": run,
        });
        shown += &format!("it may: {grants}\nmemory: {} MB\n", self.max_memory >> 20);
        let structured = json!({
            "variables": variables, "contexts": contexts, "confined": confined, "grants": grants,
            "max_memory_mb": self.max_memory >> 20,
        });
        Ok(answer(shown, structured, false))
    }

    async fn status(&self, asked: &tools::Status) -> Told {
        let Some(number) = asked.run else {
            let (text, structured) = self.runs.status();
            return Ok(answer(text, structured, false));
        };
        let wait = Duration::try_from_secs_f64(asked.wait_s.unwrap_or(0.0)).unwrap_or_default();
        let until = Instant::now().checked_add(wait).unwrap_or_else(Instant::now);
        if let Some(came) = self.runs.ended(number, Some(until)).await? {
            return Ok(came.told(asked.max_chars));
        }
        let far = self.runs.far(number).map_or("it waits for its turn".into(), |(.., message)| message);
        Ok(answer(format!("run {number} is not over: {far}"), json!({ "run": number, "status": "running" }), false))
    }

    async fn trace(&self, asked: &tools::Last) -> Told {
        let text = self.order(|reply| Order::Ask { question: Question::Trace, reply }).await?;
        let all: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
        let from = all.len().saturating_sub(asked.last.unwrap_or(100));
        let mut shown = String::new();
        for entry in &all[from..] {
            shown += &format!("{entry}\n");
        }
        shown += &format!("[{} of {} entries]", all.len() - from, all.len());
        Ok(answer(shown, json!({ "entries": &all[from..], "total": all.len() }), false))
    }

    fn cancel(&self, asked: &tools::Cancel) -> Told {
        if let Some(call) = asked.call {
            let known = self.runs.watch().is_some_and(|watch| watch.cancel(call));
            let gone = || format!("error: there is no call {call} under way\nhint: `get_status` has the numbers");
            return if known { Ok(text(format!("call {call} is cancelled"))) } else { Err(gone()) };
        }
        match self.runs.stop(asked.run) {
            Some(run) => Ok(answer(format!("run {run} is told to stop"), json!({ "run": run }), false)),
            None => Err("nothing runs that could be stopped".into()),
        }
    }

    async fn plan(&self, asked: tools::Plan) -> Told {
        let described = match self.context(&tools::Part { name: None, start: None, end: None })?.structured_content {
            Some(contexts) => contexts["contexts"].to_string(),
            None => String::new(),
        };
        let planned = plan::plan(&self.host, &self.runs.account, &asked, &described).await;
        let (shown, structured) = planned.map_err(|e| said(&e))?;
        Ok(answer(shown, structured, false))
    }
}

/// A grant as a client reads it.
fn granted<T: std::fmt::Debug + Clone>(grant: &Grant<T>) -> Value {
    match grant {
        Grant::Nothing => Value::Bool(false),
        Grant::Everything => Value::Bool(true),
        Grant::Only(these) => these.iter().map(|one| format!("{one:?}").trim_matches('"').to_owned()).collect(),
    }
}

/// Stops a run that nobody waits for any more.
struct StopsIt(Arc<Runs>, Option<u32>);

impl Drop for StopsIt {
    fn drop(&mut self) {
        if let Some(number) = self.1 {
            self.0.stop(Some(number));
        }
    }
}

/// What is wrong, as a result that the client's model sees.
fn wrong(message: String) -> CallToolResult {
    CallToolResult::error(vec![rmcp::model::ContentBlock::text(visible(&message))])
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_tasks().build();
        let server = Implementation::new("bessemer", env!("CARGO_PKG_VERSION")).with_title("Bessemer");
        ServerConfig::new(capabilities).with_server_info(server).with_instructions(
            "Runs Scheme programs that fan work out over language models. Load data by `load_context`, read \
             `get_usage_guide`, then write one program for `execute_scheme` that asks about all parts side by side.",
        )
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::TOOLS.iter().map(Entry::tool).collect()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::find(name).ok().map(Entry::tool)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let entry = tools::find(&request.name).map_err(|message| ErrorData::invalid_params(message, None))?;
        let arguments = request.arguments.unwrap_or_default();
        let can_wait = entry.does == Does::Execute && context.client_capabilities().is_some_and(|c| c.supports_tasks());
        if can_wait {
            return Ok(CreateTaskResult::new(self.task(entry, arguments)).into());
        }
        let begun = AtomicU32::new(0);
        let mut call = Box::pin(self.0.call(entry, arguments, &begun));
        let token = context.meta.get_progress_token();
        let (mut ticks, mut last) = (tokio::time::interval(TICK), 0.0);
        let told = loop {
            tokio::select! {
                told = &mut call => break told,
                () = context.ct.cancelled() => break Err("cancelled".into()),
                _ = ticks.tick(), if token.is_some() && entry.does == Does::Execute => {
                    // Of a run that waits for its turn there is nothing to tell.
                    let Some((done, total, message)) = self.0.runs.far(begun.load(Relaxed)) else { continue };
                    if let Some(token) = token.clone().filter(|_| done > last) {
                        last = done;
                        let mut progress = ProgressNotificationParam::new(token, done).with_message(message);
                        progress.total = total;
                        // Whoever does not listen any more does not miss it.
                        let _ = context.peer.notify_progress(progress).await;
                    }
                }
            }
        };
        Ok(told.unwrap_or_else(wrong).into())
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        self.0.tasks.get_task(&request.task_id).map(GetTaskResult::new)
    }

    async fn cancel_task(&self, request: CancelTaskParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.0.tasks.cancel_task(&request.task_id)
    }
}

impl Server {
    /// A call as a task, for clients that know such: they need not hold a request open while a program runs.
    fn task(&self, entry: &'static Entry, arguments: JsonObject) -> rmcp::model::Task {
        let inner = self.0.clone();
        self.0.tasks.spawn(TaskOptions::new().with_ttl_ms(KEPT_MS), |task| {
            Box::pin(async move {
                let begun = AtomicU32::new(0);
                tokio::select! {
                    told = inner.call(entry, arguments, &begun) => Ok(told.unwrap_or_else(wrong)),
                    () = task.cancelled() => Err(TaskExit::Cancelled),
                }
            })
        })
    }
}
