//! Neither a token nor a code is in a line of the service's log, at any level.

use std::io;
use std::sync::{Arc, Mutex};

use fido_unlock::desk::Scope;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::browser::demo;
use crate::program::Program;

/// Everything that is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_token_and_no_code_is_logged() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_max_level(tracing::Level::TRACE)
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let demo = demo();
    let app = demo.app();
    let (device_id, challenge) = app.key().unwrap().state().unwrap().codes.unwrap();
    let program = Program::of(&demo, "desk-1", &[Scope::Unlock]).await;
    let token = program.token.clone().unwrap();
    let call = program.open("robin.sample", &device_id).await;
    program.prepare(&call, &challenge).await;
    let given = program.step(&call, "code", json!(null)).await;
    let code = given["code"].as_str().unwrap().to_owned();
    let mut broken = token.clone();
    broken.pop();
    let wrong = Program::with(&app, Some(&broken));
    wrong.get("/users?q=robin").await.is_nobodys();
    tracing::info!("the end");

    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    // What is searched is what was written.
    assert!(logged.contains("the end") && logged.contains("/api/v1/requests/{request}/code"));
    for secret in [
        &*token,
        &broken,
        &token[4..],
        &code,
        &code.replace('-', ""),
        &challenge,
    ] {
        assert!(!logged.contains(secret), "{secret}");
    }
}
