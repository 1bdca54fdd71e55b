//! What stands between an agent and the console, and fails as networks and services do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What becomes of a request.
pub enum Fate {
    /// It is carried over, and its answer back.
    Answered,
    /// It is carried over, and the answer is lost.
    Lost,
    /// It is not carried over; the service is said to be too busy.
    Busy,
    /// It is not carried over; this body is the answer.
    Instead(String),
}

/// It listens until the process ends.
pub struct Relay {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// To the service at `url`. `judge`: what becomes of a request, by method and path.
    pub fn start(url: &str, mut judge: impl FnMut(&str) -> Fate + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let service = url.strip_prefix("http://").unwrap().to_owned();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let Some((line, request)) = read(&stream, &service) else {
                    continue;
                };
                kept.lock().unwrap().push(line.clone());
                let answer = match judge(&line) {
                    Fate::Answered => carry(&service, &request),
                    Fate::Lost => {
                        carry(&service, &request);
                        continue;
                    }
                    Fate::Busy => whole("503 Service Unavailable", ""),
                    Fate::Instead(body) => whole("200 OK", &body),
                };
                // An agent that has ended hears nothing any more.
                let _ = stream.write_all(&answer);
            }
        });
        Self { port, asked }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Method and path of every request so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Method and path, and the request as it is carried over.
fn read(stream: &TcpStream, service: &str) -> Option<(String, Vec<u8>)> {
    let mut input = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        input.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        match name.to_ascii_lowercase().as_str() {
            "host" => head += &format!("Host: {service}\r\n"),
            "connection" => {}
            "\r\n" => break,
            name => {
                if name == "content-length" {
                    length = value.trim().parse().unwrap();
                }
                head += &line;
            }
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    let line = head.rsplit_once(" HTTP/1.1\r\n").map_or(&*head, |(line, _)| line);
    let line = line.lines().next().unwrap().to_owned();
    head += "Connection: close\r\n\r\n";
    Some((line, [head.into_bytes(), body].concat()))
}

fn carry(service: &str, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(service).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

fn whole(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
