//! `help-desk --config help-desk.toml`: the console of a help desk. `help-desk --demo`: a demonstration of it.

mod arguments;
mod demonstrate;

use std::alloc::System;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use help_desk::config::{self, PassphraseFrom};
use help_desk::{App, AppParts, Certificate, Desks, Packages, Serving, logging, own_desk, passphrase};
use zeroizing_alloc::ZeroAlloc;

use self::arguments::{Arguments, Command};

/// Forms and answers pass through buffers of the HTTP library, which no handler can wipe: whatever is given back is.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    #[cfg(unix)]
    fido_unlock_terminal::leave_no_core();
    let arguments = Arguments::parse();
    let ran = match &arguments.command {
        Some(Command::CheckConfig { file }) => check(file),
        Some(Command::ConfigExample) => {
            print!("{}", config::EXAMPLE);
            Ok(())
        }
        None => match &arguments.config {
            Some(file) => serve_own(file),
            None => demonstrate::run(&arguments),
        },
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("help-desk: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `check-config`: what is wrong, or that nothing is.
fn check(file: &Path) -> Result<(), Failure> {
    let settings = config::load(file, std::env::vars_os())?;
    if let Some(tls) = &settings.tls {
        Certificate::read(tls, settings.site.name())?;
    }
    own_desk::is_there(&settings.desk)?;
    if matches!(settings.passphrase, PassphraseFrom::File(_)) {
        // A credential is there for the service alone, and a terminal is asked when it starts.
        passphrase(&settings.passphrase)?;
    }
    println!("{}: nothing is wrong with it.", file.display());
    println!("Browsers reach it as {}.", settings.site.url());
    Ok(())
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// A desk of one's own, until it is told to stop.
fn serve_own(file: &Path) -> Result<(), Failure> {
    let settings = config::load(file, std::env::vars_os())?;
    let certificate = settings
        .tls
        .as_ref()
        .map(|tls| Certificate::read(tls, settings.site.name()))
        .transpose()?;
    let passphrase = passphrase(&settings.passphrase)?;
    let own = own_desk::open(&settings.desk, &passphrase, &settings.site)?;
    drop(passphrase);
    // Whoever reads a service's journal would be the first Administrator.
    let at_a_person = std::env::var_os("JOURNAL_STREAM").is_none();
    let first_code = at_a_person
        .then(|| own_desk::first_code(&*own.make))
        .transpose()?;
    if let Some((administrator, code)) = first_code.flatten() {
        // Not where the log goes.
        eprintln!(
            "Nobody can sign in yet. {administrator} sets a password at {}/first\nwith this one-time code, which is good \
             for a day: {}",
            settings.site.url(),
            code.expose().as_str()
        );
    }
    let app = App::new(AppParts {
        desks: Desks::start(own.make).map_err(own_desk::fault)?,
        site: settings.site.clone(),
        key: None,
        packages: settings.packages.as_deref().map(Packages::new),
        notes: own.notes,
    });
    let bind = |address: SocketAddr| {
        TcpListener::bind(address)
            .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))
    };
    let serving = Serving {
        app,
        listener: bind(settings.listen)?,
        certificate,
        operations: settings.operations.map(bind).transpose()?,
        limits: settings.limits,
        trusted_proxies: settings.trusted_proxies,
        stop: settings.stop,
    };
    logging::start(settings.log)?;
    let address = serving.listener.local_addr()?;
    let operations = serving.operations.as_ref().map(TcpListener::local_addr);
    let operations = operations
        .transpose()?
        .map_or_else(|| "none".into(), |at| at.to_string());
    runtime()?.block_on(async {
        let stopped = stopped()?;
        // It ends nobody's service: the files of TLS are read again, where there are some.
        #[cfg(unix)]
        let _hang_up = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
        tracing::info!(%address, %operations, site = settings.site.url(), "started");
        serving.run(stopped).await?;
        tracing::info!("stopped");
        Ok(())
    })
}

/// Ctrl-C, and SIGTERM where there is such a thing.
#[cfg(unix)]
fn stopped() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ctrl-C.
#[cfg(not(unix))]
fn stopped() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        // Without it, closing the window ends the process.
        let _ = tokio::signal::ctrl_c().await;
    })
}
