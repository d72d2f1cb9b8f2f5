//! Takes away what no script needs and every attack would use: Steel's natives for files, processes, sockets, threads,
//! evaluation and its own engine.
//!
//! Steel's modules are shared and mutable, so replacing a native in them before the first engine is made closes every way
//! to it at once. This keeps scripts honest. It is no wall: Python is in the same process, and the wall is the operating
//! system's.

use steel::{
    SteelErr, SteelVal,
    rerrs::ErrorKind,
    steel_vm::{builtin::BuiltInModule, primitives as p},
};

/// Natives that are taken away wherever they stand.
const NATIVES: &[&str] = &[
    // the system
    "env-var",
    "maybe-get-env-var",
    "set-env-var!",
    "command-line",
    "#%get-dylib",
    "#%build-dylib",
    "steel-home-location",
    "current-os!",
    "target-arch!",
    "platform-dll-prefix!",
    "platform-dll-extension!",
    // files and ports
    "stdin",
    "open-input-file",
    "open-output-file",
    "open-append-file",
    "read-to-string",
    "%#interpreter-super-global",
    // evaluation
    "eval!",
    "eval-string",
    "load",
    "run!",
    "expand!",
    "emit-expanded",
    "load-expanded",
    "Engine::new",
    "Engine::clone",
    "Engine::add-module",
    "Engine::modules->list",
    "Engine::raise_error",
    "Engine::new-with-default-prelude",
    "breakpoint!",
    "inspect",
    "set-test-mode!",
    "get-test-mode",
    "dump-profiler",
    "#%inspect-bytecode",
    // threads
    "spawn-native-thread",
    "spawn-thread!",
    "thread-join!",
    "thread-suspend",
    "thread-resume",
    "thread-interrupt",
    "thread::current/id",
    "mutex",
    "lock-acquire!",
    "lock-release!",
    "channels/new",
    "channel->send",
    "channel->recv",
    "channel->try-recv",
    "receivers-select",
    "make-channels",
    "block-on",
    "join!",
    "poll!",
    "futures-join-all",
    "time/sleep-ms",
    // streams, whose thunks run in a machine of their own, in which no fiber can park
    "#%stream-cdr",
];

/// Modules of which nothing is left.
const MODULES: &[&str] =
    &["steel/process", "steel/filesystem", "steel/tcp", "steel/http", "steel/polling", "steel/git", "steel/ffi"];

fn refused(_: &[SteelVal]) -> Result<SteelVal, SteelErr> {
    Err(SteelErr::new(ErrorKind::Generic, "this is not available to scripts".into()))
}

fn modules() -> Vec<BuiltInModule> {
    macro_rules! all {
        ($($name:ident)*) => { vec![$(p::$name.with(BuiltInModule::clone)),*] };
    }
    all! {
        MAP_MODULE SET_MODULE LIST_MODULE STRING_MODULE VECTOR_MODULE STREAM_MODULE IDENTITY_MODULE NUMBER_MODULE
        EQUALITY_MODULE ORD_MODULE TRANSDUCER_MODULE SYMBOL_MODULE IO_MODULE FS_MODULE FS_MODULE_SB PORT_MODULE
        PORT_MODULE_WITHOUT_FILESYSTEM META_MODULE JSON_MODULE CONSTANTS_MODULE SYNTAX_MODULE SANDBOXED_META_MODULE
        PROCESS_MODULE RANDOM_MODULE RESULT_MODULE TYPE_ID_MODULE OPTION_MODULE TCP_MODULE HTTP_MODULE POLLING_MODULE
        PRELUDE_MODULE SB_PRELUDE TIME_MODULE THREADING_MODULE BYTEVECTOR_MODULE MUTABLE_VECTOR_MODULE HASHES_MODULE
        PRIVATE_READER_MODULE IMMUTABLE_VECTOR_MODULE
    }
}

/// Replaces the natives. Must run before the thread's first engine is made.
pub(crate) fn disarm() {
    // Made first, so that the thread's lists outlive what its destructors drop.
    drop(steel::List::<SteelVal>::new());
    let modules = modules();
    let mut refuse: Vec<String> = NATIVES.iter().map(|n| (*n).to_owned()).collect();
    for module in &modules {
        if MODULES.contains(&&*module.name()) {
            refuse.extend(module.names());
        }
    }
    for mut module in modules {
        for name in &refuse {
            if module.contains(name) {
                module.register_value(name, SteelVal::FuncV(refused));
            }
        }
    }
}
