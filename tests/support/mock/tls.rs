//! The same server behind TLS, with a certificate of its own, and HTTP/2 for clients that choose it by ALPN.
//!
//! Over HTTP/2 a connection has a hundred streams at most, as with the providers, and knows `Text`, `After` and `Hang`.

use super::{Call, Reply, Shared};
use serde_json::Value;
use std::{future::poll_fn, io, sync::Arc};
use tokio::{net::TcpStream, task::JoinSet, time::sleep};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{self, ServerConfig, pki_types::PrivatePkcs8KeyDer},
    server::TlsStream,
};

/// How many streams a connection may have.
pub(crate) const STREAMS: u32 = 100;

/// An acceptor, and the certificate that its clients must trust.
pub(super) fn acceptor() -> (TlsAcceptor, String) {
    let _ = rustls::crypto::ring::default_provider().install_default(); // Err: another test was first.
    let made = rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}

/// Answers one connection in the protocol that its client chose.
pub(super) async fn serve(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    // A client that does not trust us, or speaks no TLS, goes; that is what some tests want to see.
    let Ok(stream) = acceptor.accept(stream).await else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        serve_h2(stream, shared).await;
    } else {
        let (mut from, mut to) = tokio::io::split(stream);
        super::serve(&mut from, &mut to, shared).await;
    }
}

async fn serve_h2(stream: TlsStream<TcpStream>, shared: Arc<Shared>) {
    let mut server = h2::server::Builder::new();
    let greeted = server.max_concurrent_streams(STREAMS).handshake::<_, bytes::Bytes>(stream).await;
    // A client drops the connections that it finds it does not need.
    let Ok(mut connection) = greeted else { return };
    let mut requests = JoinSet::new();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let shared = shared.clone();
        requests.spawn(async move {
            let (head, mut incoming) = request.into_parts();
            let mut body = Vec::new();
            while let Some(data) = incoming.data().await {
                let Ok(data) = data else { return };
                let _ = incoming.flow_control().release_capacity(data.len());
                body.extend_from_slice(&data);
            }
            let body: Value = serde_json::from_slice(&body).expect("a request to the mock is JSON");
            let (n, in_flight) = shared.arrive(body.clone());
            let owned = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
            let path = head.uri.path().to_owned();
            let call = Call { n, path, body, headers: head.headers.iter().map(owned).collect() };
            let text = tokio::select! {
                text = wait((shared.reply)(&call)) => text,
                _ = poll_fn(|context| respond.poll_reset(context)) => return shared.change(|seen| seen.gone += 1),
            };
            let answer = call.answer(&text);
            let head = http::Response::builder().header("content-type", "application/json").body(()).unwrap();
            let sent = respond.send_response(head, false).and_then(|mut to| to.send_data(answer.into(), true));
            drop(in_flight);
            if sent.is_err() {
                shared.change(|seen| seen.gone += 1);
            }
        });
    }
}

async fn wait(mut reply: Reply) -> String {
    loop {
        match reply {
            Reply::Text(text) => return text,
            Reply::Hang => std::future::pending().await,
            Reply::After(pause, then) => {
                sleep(pause).await;
                reply = *then;
            }
            _ => panic!("{:?} over HTTP/2", io::ErrorKind::Unsupported),
        }
    }
}
