//! What the scheduler holds on to.

use super::*;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

/// A scheduler, and the host's end of its socket.
fn sched() -> (Sched, rustix::fd::OwnedFd) {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    (Sched::new(Link::new(ours).unwrap()), theirs)
}

#[test]
fn timers_dropped_before_their_time_do_not_gather() {
    let (mut sched, _host) = sched();
    let kept = sched.sleep(Duration::from_secs(3600)).unwrap();
    for _ in 0..10_000 {
        let timer = sched.sleep(Duration::from_secs(3600)).unwrap();
        sched.drop_timer(timer);
    }
    assert!(sched.timers.len() < 1000, "{}", sched.timers.len());
    assert!(sched.ops.len() < 10 && sched.live_timers == 1);
    assert!(sched.timers.iter().any(|Reverse((_, id))| *id == kept), "the one that lives is still there");
}

#[test]
fn failed_spawns_that_somebody_awaited_later_do_not_gather() {
    let (mut sched, _host) = sched();
    let unheard = 7;
    for n in 0..10_000 {
        let task = sched.spawn(SteelVal::Void, None).unwrap();
        let crate::interp::value::TaskState::Running(id) = *task.state.borrow() else { panic!("it has ended") };
        sched.complete(id, Err(Fault::script("no").kept()));
        task.awaited.set(n != unheard);
    }
    assert!(sched.failed_spawns.len() < 1000, "{}", sched.failed_spawns.len());
    let (pending, failed) = sched.end_program();
    assert_eq!((pending, failed.len()), (0, 1), "the one that nobody awaited is still told of");
}
