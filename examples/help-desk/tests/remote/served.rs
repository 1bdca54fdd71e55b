//! A demonstration that listens, and operators' tokens for it.

use std::net::TcpListener;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use fido_unlock::Pin;
use fido_unlock::desk::{AccessToken, Desk, OperatorId, OperatorSession, Scope};
use fido_unlock_remote::{Connection, RemoteDesk, ServiceAddress, Trust};
use help_desk::config::{Limits, TlsFiles};
use help_desk::demo::{Demo, VirtualKey};
use help_desk::{Certificate, Serving};
use tokio::sync::oneshot;

/// A service that runs as long as this value.
pub struct Served {
    pub demo: Demo,
    /// Its address.
    pub url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    pub fn start() -> Self {
        Self::over(None)
    }

    /// Over TLS, with these files of one folder: certificate and key.
    pub fn over_tls(folder: &Path) -> Self {
        Self::over(Some(TlsFiles {
            certificate: folder.join("service.pem"),
            key: folder.join("service.key"),
        }))
    }

    fn over(files: Option<TlsFiles>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let demo = Demo::make(address).unwrap();
        let scheme = if files.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://localhost:{}", address.port());
        let serving = Serving {
            app: demo.app(),
            listener,
            certificate: files.map(|files| Certificate::read(&files, "localhost").unwrap()),
            operations: None,
            limits: Limits::default(),
            trusted_proxies: Vec::new(),
            stop: Duration::from_secs(1),
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let run = serving.run(async {
                let _ = stopped.await;
            });
            runtime.block_on(run).unwrap();
        });
        Self {
            demo,
            url,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Stops listening; the desk stays.
    pub fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub fn key(&self) -> VirtualKey {
        self.demo.app().key().unwrap().clone()
    }

    /// One more desk over the same store.
    pub fn desk(&self) -> Desk {
        (self.demo.make_desk())().unwrap()
    }

    pub fn sign_in(&self, desk: &mut Desk, operator: &str) -> OperatorSession {
        let mut known = self.demo.operators().iter();
        let known = known.find(|known| known.operator.id.as_str() == operator);
        let id = OperatorId::new(operator).unwrap();
        desk.sign_in(&id, &known.unwrap().password).unwrap()
    }

    pub fn token(&self, operator: &str, scopes: &[Scope]) -> AccessToken {
        let mut desk = self.desk();
        let session = self.sign_in(&mut desk, operator);
        desk.make_token(&session, "a program", scopes, 1).unwrap()
    }

    pub fn connection(&self) -> Connection {
        Connection::new(ServiceAddress::parse(&self.url).unwrap(), Trust::System)
    }

    pub fn remote(&self, operator: &str, scopes: &[Scope]) -> RemoteDesk {
        RemoteDesk::new(self.connection(), self.token(operator, scopes))
    }

    /// The log as it is now: each entry's event.
    pub fn events(&self) -> Vec<String> {
        let mut desk = self.desk();
        let session = self.sign_in(&mut desk, "audit-1");
        let size = desk.log_state().unwrap().size;
        let (mut events, mut from) = (Vec::new(), 0);
        while from < size {
            for entry in desk.audit_entries(&session, from, 500).unwrap() {
                from = entry.entry.sequence + 1;
                events.push(entry.entry.event.name().to_owned());
            }
        }
        events
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

pub fn pin(text: &str) -> Pin {
    Pin::new(text.to_owned())
}
