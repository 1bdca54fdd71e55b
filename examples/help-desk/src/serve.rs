//! Listening: connections, TLS, and how it stops.

use std::future::{Future, Ready, ready};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use axum_server::{Control, Handle, Server};
use tokio::task::JoinSet;

use crate::app::{App, app};
use crate::client::{Doorkeeper, limit};
use crate::config::Limits;
use crate::operations::operations;
use crate::tls::Certificate;

/// How long a connection may take until its request is there, or its next.
const LONGEST_REQUEST: Duration = Duration::from_secs(20);
/// Connections of those who look at health and metrics: some programs, not many people.
const LOOKING: usize = 32;
/// How often each of them may look, which asks the desk: twice a second.
const LOOKS_PER_MINUTE: u32 = 120;
/// How often files of TLS are looked at.
const LOOK_AT_FILES: Duration = Duration::from_secs(60);

/// What is served, where, and how much of it.
pub struct Serving {
    /// The service.
    pub app: App,
    /// Where browsers come to.
    pub listener: TcpListener,
    /// Its certificate; `None`: HTTP.
    pub certificate: Option<Certificate>,
    /// Where health and metrics are answered.
    pub operations: Option<TcpListener>,
    /// What one client and all together may take.
    pub limits: Limits,
    /// Proxies whose word about the client's address counts.
    pub trusted_proxies: Vec<IpAddr>,
    /// How long answers that are under way have when it is told to stop.
    pub stop: Duration,
}

impl Serving {
    /// Serves until `stopped`, and then until what is under way is answered.
    ///
    /// # Errors
    /// The system's.
    pub async fn run(self, stopped: impl Future<Output = ()> + Send) -> io::Result<()> {
        let control = Control::new();
        let metrics = self.app.metrics().clone();
        let per_minute = NonZeroU32::new(self.limits.requests_per_minute).unwrap_or(NonZeroU32::MIN);
        let keeper = Doorkeeper::new(per_minute, self.trusted_proxies, metrics);
        let pages = app(self.app.clone())
            .layer(from_fn_with_state(keeper, limit))
            .into_make_service_with_connect_info::<SocketAddr>();
        let few = Few {
            handle: Handle::with_control(control.clone()),
            most: usize::try_from(self.limits.connections).unwrap_or(usize::MAX),
        };
        let mut servers = JoinSet::new();
        if let Some(listener) = self.operations {
            let few = Few {
                handle: Handle::with_control(control.clone()),
                most: LOOKING,
            };
            let server = server(listener, few.clone())?.acceptor(few);
            let looks = NonZeroU32::new(LOOKS_PER_MINUTE).unwrap_or(NonZeroU32::MIN);
            let keeper = Doorkeeper::new(looks, Vec::new(), self.app.metrics().clone());
            let pages = operations(self.app)
                .layer(from_fn_with_state(keeper, limit))
                .into_make_service_with_connect_info::<SocketAddr>();
            servers.spawn(server.serve(pages));
        }
        let listening = server(self.listener, few.clone())?;
        if let Some(certificate) = self.certificate {
            let tls = RustlsAcceptor::new(certificate.config()).acceptor(few);
            servers.spawn(listening.acceptor(tls).serve(pages));
            tokio::spawn(renew(certificate));
        } else {
            servers.spawn(listening.acceptor(few).serve(pages));
        }
        tokio::select! {
            () = stopped => control.graceful_shutdown(Some(self.stop)),
            Some(ended) = servers.join_next() => return ended.map_err(io::Error::other)?,
        }
        while let Some(ended) = servers.join_next().await {
            ended.map_err(io::Error::other)??;
        }
        Ok(())
    }
}

fn server(listener: TcpListener, few: Few) -> io::Result<Server<SocketAddr>> {
    let mut server = axum_server::from_tcp(listener)?
        .http1_only()
        .handle(few.handle)
        .first_request_timeout(LONGEST_REQUEST);
    server.http_builder().http1().header_read_timeout(LONGEST_REQUEST);
    Ok(server)
}

/// Refuses connections beyond the most.
#[derive(Clone)]
struct Few {
    handle: Handle<SocketAddr>,
    most: usize,
}

impl<I, S> Accept<I, S> for Few {
    type Stream = I;
    type Service = S;
    type Future = Ready<io::Result<(I, S)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        // The one that asks is counted already.
        ready(if self.handle.connection_count() > self.most {
            Err(io::Error::other("too many connections"))
        } else {
            Ok((stream, service))
        })
    }
}

/// Reads the files of TLS again on SIGHUP, and every minute: whoever renews them need not tell.
async fn renew(mut certificate: Certificate) {
    let mut told = Told::new();
    loop {
        tokio::select! {
            () = told.told() => {}
            () = tokio::time::sleep(LOOK_AT_FILES) => {}
        }
        let looked = tokio::task::spawn_blocking(move || {
            let renewed = certificate.renew();
            (certificate, renewed)
        });
        let Ok((same, renewed)) = looked.await else { return };
        certificate = same;
        match renewed {
            Ok(true) => tracing::info!("the certificate was read again"),
            Ok(false) => {}
            Err(fault) => tracing::warn!(%fault, "the certificate of before stays in use"),
        }
    }
}

/// SIGHUP, where there is such a thing.
struct Told {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Told {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    async fn told(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal {
            signal.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    }
}
