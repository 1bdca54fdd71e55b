//! Over TLS, with a CA of a house's own (Debian's openssl makes it).

use std::path::Path;
use std::process::Command;

use fido_unlock::desk::Scope;
use fido_unlock::{ErrorCode, HasCode};
use fido_unlock_remote::{Connection, RemoteDesk, ServiceAddress, Trust};
use serde_json::Value;

use crate::command::Home;
use crate::served::Served;

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .expect("Debian's package openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A CA, and a certificate of localhost by it.
fn make(folder: &Path) {
    const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(
        folder,
        &format!("req -x509 {KEY} -days 2 -subj /CN=House -keyout ca.key -out ca.pem"),
    );
    openssl(
        folder,
        &format!("req {KEY} -subj /CN=localhost -keyout service.key -out service.csr"),
    );
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    openssl(
        folder,
        "x509 -req -in service.csr -CA ca.pem -CAkey ca.key -days 2 -extfile names -out service.pem",
    );
}

#[test]
fn a_houses_own_ca_is_trusted_where_it_is_named_and_nowhere_else() {
    let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make(own.path());
    make(other.path());
    let served = Served::over_tls(own.path());
    let trust = |folder: &Path| Trust::of_pem(&std::fs::read(folder.join("ca.pem")).unwrap()).unwrap();
    let desk = |trust| {
        let connection = Connection::new(ServiceAddress::parse(&served.url).unwrap(), trust);
        RemoteDesk::new(connection, served.token("desk-1", &[Scope::Unlock]))
    };
    assert_eq!(desk(trust(own.path())).myself().unwrap().operator, "desk-1");
    for wrong in [trust(other.path()), Trust::System] {
        let error = desk(wrong).myself().unwrap_err();
        assert_eq!(error.code(), ErrorCode::DeskUnreachable, "{error}");
    }
    // By the name in the certificate alone.
    let by_number = served.url.replace("localhost", "127.0.0.1");
    let connection = Connection::new(ServiceAddress::parse(&by_number).unwrap(), trust(own.path()));
    let desk = RemoteDesk::new(connection, served.token("desk-1", &[Scope::Unlock]));
    assert_eq!(desk.myself().unwrap_err().code(), ErrorCode::DeskUnreachable);

    let home = Home::with_token(&served, "desk-1", &[Scope::Unlock]);
    let ca = own.path().join("ca.pem");
    let ran = home.run(&["desk", "status", "--ca", ca.to_str().unwrap()], "");
    assert_eq!(ran.ok()["operator"], "desk-1");
    let failed: Value = home
        .run(&["desk", "status"], "")
        .error(ErrorCode::DeskUnreachable);
    assert!(
        failed["detail"].as_str().unwrap().contains("localhost"),
        "{failed}"
    );
}
