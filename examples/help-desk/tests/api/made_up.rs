//! What schemathesis makes of the OpenAPI description: requests that follow it and requests that do not, in sequences
//! too. The program is named by HELP_DESK_SCHEMATHESIS, which `cargo xtask test` sets; without it the test fails.

use std::process::Command;

use fido_unlock::desk::Scope;
use help_desk::app;
use help_desk::demo::Demo;
use tokio::net::TcpListener;

use crate::program::make_token;

/// The same requests each time.
const SEED: &str = "1";

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing() {
    let program = std::env::var_os("HELP_DESK_SCHEMATHESIS")
        .expect("HELP_DESK_SCHEMATHESIS names schemathesis; `cargo xtask test` gets and names it");
    let examples = std::env::var("HELP_DESK_EXAMPLES").unwrap_or_else(|_| "4".into());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let demo = Demo::make(address).unwrap();
    let router = app(demo.app());
    tokio::spawn(async move { axum::serve(listener, router).await });
    // An Administrator's, for everything.
    let token = make_token(&demo, "admin-1", Scope::ALL).await;
    let folder = tempfile::tempdir().unwrap();
    let ran = Command::new(program)
        .current_dir(&folder)
        .args([
            "run",
            "--checks",
            "all",
            "--seed",
            SEED,
            "--max-examples",
            &examples,
        ])
        // The description cannot say that the last characters of a Device ID check the others.
        .args(["--exclude-checks", "positive_data_acceptance"])
        // It ends the token that all others go by.
        .args(["--exclude-path", "/api/v1/sign-out"])
        .args(["--continue-on-failure", "--no-color"])
        .arg("--header")
        .arg(format!("Authorization: Bearer {}", token.expose().as_str()))
        .arg(format!("http://{address}/api/v1/openapi.json"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    println!("{said}");
    assert!(
        ran.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}
