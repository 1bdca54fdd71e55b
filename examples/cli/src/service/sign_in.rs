//! `desk sign-in` and `sign-out`: an access token by the operator's own browser, kept where only they can read it.

use std::time::{Duration, Instant};

use fido_unlock::ErrorCode;
use fido_unlock::desk::{AccessToken, Scope};
use fido_unlock_remote::{BrowserSignIn, Connection, RemoteDesk, ServiceAddress};
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

use super::{connection, token};
use crate::args::ServiceOptions;
use crate::failure::Failure;
use crate::output::{Report, say, shown};

/// How long the browser is waited for.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// How long it may take to fetch the page that says what came of it.
const FAREWELL: Duration = Duration::from_secs(3);
/// Where that page is: without the code, which stays in no history.
const DONE: &str = "/done";
/// The longest name that the console takes, in characters.
const LONGEST_NAME: usize = 60;

/// Signs in for these scopes, and keeps the token.
pub fn sign_in(
    address: ServiceAddress,
    options: &ServiceOptions,
    scopes: &[Scope],
) -> Result<Report, Failure> {
    let connection = connection(address.clone(), options)?;
    let path = token::place(&address)?;
    let server = Server::http("127.0.0.1:0")
        .map_err(|error| Failure::new(ErrorCode::HostFailed, format!("127.0.0.1: {error}")))?;
    let port = server.server_addr().to_ip().map(|address| address.port());
    let port = port.ok_or(ErrorCode::HostFailed)?;
    let sign_in = BrowserSignIn::begin(&address, port, &name(), scopes)?;
    say(format_args!(
        "Open this address in your browser, on this computer, and allow it there:\n  {}",
        sign_in.url()
    ));
    let token = wait(&server, port, &connection, &sign_in)?;
    token::keep(&path, &token)?;
    let desk = RemoteDesk::new(connection, token);
    let me = desk.myself()?;
    let may: Vec<&str> = me.may.iter().map(|scope| scope.name()).collect();
    Ok(Report::new()
        .line(format!(
            "Signed in as {}, for: {}.",
            shown(&me.operator),
            may.join(", ")
        ))
        .line("It ends after a working day, or with `desk sign-out`.")
        .field("operator", me.operator)
        .field("may", may))
}

/// By what the console calls this program.
fn name() -> String {
    let computer = std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME"));
    let name = match computer {
        Ok(computer) => format!("fido-unlock on {computer}"),
        Err(_) => "fido-unlock".to_owned(),
    };
    name.chars().take(LONGEST_NAME).collect()
}

/// Until the browser has brought the code, and that was changed for a token.
fn wait(
    server: &Server,
    port: u16,
    connection: &Connection,
    sign_in: &BrowserSignIn,
) -> Result<AccessToken, Failure> {
    let until = Instant::now() + LONGEST;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let request = server
            .recv_timeout(left)
            .map_err(|error| Failure::new(ErrorCode::HostFailed, format!("127.0.0.1: {error}")))?;
        let Some(request) = request else {
            return Err(Failure::new(
                ErrorCode::Cancelled,
                "nobody has allowed it within 10 minutes",
            ));
        };
        let brought = is_own(&request, port)
            .then(|| sign_in.answer(request.url()))
            .flatten();
        let Some(brought) = brought else {
            answer(request, 404, None, "Nothing is here.");
            continue;
        };
        let token = match brought {
            Ok(code) => connection.fetch_token(sign_in, &code).map_err(Failure::from),
            Err(refused) => Err(Failure::new(ErrorCode::Cancelled, refused.to_string())),
        };
        answer(request, 303, Some(DONE), "");
        farewell(server, port, token.is_ok());
        return token;
    }
}

/// Whether a request came by this computer's own number: another name that leads here is another page's.
fn is_own(request: &Request, port: u16) -> bool {
    let mut hosts = request
        .headers()
        .iter()
        .filter(|header| header.field.equiv("Host"));
    let host = hosts.next().map(|header| header.value.as_str());
    *request.method() == Method::Get && host == Some(format!("127.0.0.1:{port}").as_str())
}

/// Tells the person in the browser what came of it.
fn farewell(server: &Server, port: u16, signed_in: bool) {
    let until = Instant::now() + FAREWELL;
    while let Ok(Some(request)) = server.recv_timeout(until.saturating_duration_since(Instant::now())) {
        if is_own(&request, port) && request.url() == DONE {
            let said = match signed_in {
                true => "You are signed in. Go back to the terminal; you can close this page.",
                false => "You are not signed in. The terminal says why; you can close this page.",
            };
            return answer(request, 200, None, said);
        }
        answer(request, 404, None, "Nothing is here.");
    }
}

/// Whoever asked and is gone is told nothing.
fn answer(request: Request, status: u16, location: Option<&str>, said: &str) {
    let header = |name: &str, value: &str| Header::from_bytes(name, value).ok();
    let headers = [
        header("Content-Type", "text/plain; charset=utf-8"),
        header("Cache-Control", "no-store"),
        header("Referrer-Policy", "no-referrer"),
        header("X-Content-Type-Options", "nosniff"),
        header("Connection", "close"),
        location.and_then(|location| header("Location", location)),
    ];
    let mut response = Response::from_string(said).with_status_code(StatusCode(status));
    headers
        .into_iter()
        .flatten()
        .for_each(|header| response.add_header(header));
    let _ = request.respond(response);
}

/// Ends the token that was kept, there and here.
pub fn sign_out(address: ServiceAddress, options: &ServiceOptions) -> Result<Report, Failure> {
    let path = token::place(&address)?;
    let done = |line: &str, ended: bool| Ok(Report::new().line(line).field("ended", ended));
    if !path.exists() {
        return done("Nobody is signed in from here.", false);
    }
    let token = token::read(&path)?;
    let ended = RemoteDesk::new(connection(address, options)?, token).sign_out();
    if let Err(error) = ended {
        let failure = Failure::from(error);
        // One that counts no more is as good as ended.
        if failure.code != ErrorCode::OperatorUnknown {
            return Err(failure);
        }
        token::forget(&path)?;
        return done("The sign-in had ended already.", false);
    }
    token::forget(&path)?;
    done("Signed out: the access token is worth nothing any more.", true)
}
