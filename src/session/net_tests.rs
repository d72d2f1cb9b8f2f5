//! What a session gets for its questions, hostile ones included.

use super::*;
use crate::wire::Grant;
use rustix::net::{AddressFamily, SocketFlags, SocketType, send, socketpair};
use std::{io::Read, net::TcpListener, os::unix::net::UnixStream};

fn rules(hosts: &[&str]) -> Permissions {
    let net = Grant::Only(hosts.iter().map(|host| host.parse().unwrap()).collect());
    Permissions { net, ..Permissions::default() }
}

fn question(name: &str, port: u16) -> Vec<u8> {
    [&port.to_le_bytes()[..], name.as_bytes()].concat()
}

async fn refused(name: &str, port: u16, rules: &Permissions) -> Refusal {
    connect(&question(name, port), rules).await.expect_err("no connection")
}

#[tokio::test]
async fn a_granted_port_connects_and_its_neighbour_does_not() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let neighbour = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, next) = (listener.local_addr().unwrap().port(), neighbour.local_addr().unwrap().port());
    let rules = rules(&[&format!("127.0.0.1:{port}")]);
    for name in ["127.0.0.1", "[::ffff:127.0.0.1]", "::ffff:127.0.0.1"] {
        assert!(connect(&question(name, port), &rules).await.is_ok(), "{name}");
    }
    let refusal = refused("127.0.0.1", next, &rules).await;
    assert_eq!(refusal.what, What::Denied);
    assert!(refusal.message.contains(&format!("`--allow-net=127.0.0.1:{next}`")), "{refusal:?}");
    // An address by another name is not what was granted.
    assert_eq!(refused("localhost", port, &rules).await.what, What::Denied);
}

#[tokio::test]
async fn every_public_host_does_not_mean_this_machine() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let all = Permissions { net: Grant::Everything, ..Permissions::default() };
    for name in ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "::1", "::ffff:7f00:1"] {
        let refusal = refused(name, port, &all).await;
        assert_ne!(refusal.what, What::Connected, "{name}: {refusal:?}");
        assert_ne!(refusal.what, What::Failed, "{name} was tried: {refusal:?}");
    }
    let named = rules(&["localhost"]);
    assert!(connect(&question("localhost", port), &named).await.is_ok());
}

#[tokio::test]
async fn a_port_that_nobody_listens_at_is_an_error_of_its_own() {
    let port = {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap();
        gone.local_addr().unwrap().port()
    };
    let refusal = refused("127.0.0.1", port, &rules(&["127.0.0.1"])).await;
    assert_eq!((refusal.what, refusal.errno), (What::Failed, Errno::CONNREFUSED.raw_os_error()));
}

#[tokio::test]
async fn nonsense_is_answered_or_ignored_and_the_next_question_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let pair = || socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    let (ours, theirs) = pair();
    let rules = Arc::new(Mutex::new(Arc::new(rules(&["127.0.0.1"]))));
    let serving = serve(ours, rules).unwrap();
    let ask = |bytes: &[u8], descriptor: &OwnedFd| {
        let descriptors = [descriptor.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        sendmsg(&theirs, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::NOSIGNAL).unwrap();
    };
    // No descriptor; one that takes no answer; no name; one that is no text; one that is too long.
    send(&theirs, &question("127.0.0.1", port), SendFlags::NOSIGNAL).unwrap();
    ask(&question("127.0.0.1", port), &std::fs::File::open("/dev/null").unwrap().into());
    for bytes in [vec![0], question("", 1), question("a b", 1), question("\u{e9}", 1), vec![b'a'; 2000]] {
        let (answer, asked) = UnixStream::pair().unwrap();
        ask(&bytes, &asked.into());
        let read = tokio::task::spawn_blocking(move || {
            let mut all = Vec::new();
            { answer }.read_to_end(&mut all).map(|_| all)
        });
        assert_ne!(read.await.unwrap().unwrap().first(), Some(&(What::Connected as u8)));
    }
    let (answer, asked) = UnixStream::pair().unwrap();
    ask(&question("127.0.0.1", port), &asked.into());
    let read = tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        { answer }.read_to_end(&mut all).map(|_| all)
    });
    assert_eq!(read.await.unwrap().unwrap(), [What::Connected as u8, 0, 0, 0, 0]);
    serving.abort();
}
