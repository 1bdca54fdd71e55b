//! A proxy that gives no answer and keeps what it is sent. By it a test sees that an agent asks a service
//! on this machine by itself, whatever `HTTP_PROXY` says: token and Response Code would be in its log.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// It listens until the process ends.
pub struct WatchedProxy {
    port: u16,
    got: Arc<Mutex<Vec<u8>>>,
}

impl WatchedProxy {
    /// On a free port of this machine.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                keep(stream, &kept);
            }
        });
        Self { port, got }
    }

    /// The variables of a process that is to go through it.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let names = [
            "HTTP_PROXY",
            "http_proxy",
            "HTTPS_PROXY",
            "https_proxy",
            "ALL_PROXY",
            "all_proxy",
        ];
        let url = format!("http://127.0.0.1:{}", self.port);
        let set = names.into_iter().map(|name| (name, url.clone()));
        // Where these name loopback, nothing would be seen.
        set.chain(["NO_PROXY", "no_proxy"].map(|name| (name, String::new())))
            .collect()
    }

    /// All that it was sent: nothing, where the agent is right.
    pub fn got(&self) -> String {
        String::from_utf8_lossy(&self.got.lock().unwrap()).into_owned()
    }
}

/// One request's head, and that there was one.
fn keep(mut stream: TcpStream, kept: &Mutex<Vec<u8>>) {
    let mut head = [0; 4096];
    let length = stream.read(&mut head).unwrap_or(0);
    let mut kept = kept.lock().unwrap();
    kept.extend_from_slice(b"connected\n");
    kept.extend_from_slice(&head[..length]);
}
