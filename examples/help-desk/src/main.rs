//! `cargo run -p help-desk -- --demo`: the console, on this machine.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use help_desk::app;
use help_desk::demo::Demo;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long answers that are under way have, once it is told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// The help desk's console.
#[derive(Parser)]
#[command(name = "help-desk", version)]
struct Arguments {
    /// A demonstration: sample users, a virtual locked key, a desk that goes with the process. The only way to start
    /// it so far.
    #[arg(long, required = true)]
    demo: bool,
    /// Address and port on this machine, or a port; 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "8080", value_parser = loopback)]
    listen: SocketAddr,
}

/// Without TLS nobody else's computer is served.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let address: SocketAddr = text.parse().map_err(|_| "not an address and port")?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("only this machine's own address, such as 127.0.0.1: there is no TLS yet".into())
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let started = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    // The demonstration's files go when nothing works on them any more.
    let served = started.and_then(|runtime| runtime.block_on(serve(&arguments)));
    match served {
        Ok(demo) => {
            drop(demo);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("help-desk: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Until it is told to stop; gives the demonstration back.
async fn serve(arguments: &Arguments) -> std::io::Result<Demo> {
    let listener = TcpListener::bind(arguments.listen).await?;
    let address = listener.local_addr()?;
    let demo = Demo::make(address).map_err(|refusal| std::io::Error::other(refusal.text()))?;
    let (told, stopping) = watch::channel(false);
    let stopped = stopped()?;
    let serving = axum::serve(listener, app(demo.app())).with_graceful_shutdown(async move {
        stopped.await;
        told.send_replace(true);
    });
    tell(&demo, address);
    tokio::select! {
        served = serving => served?,
        () = patience(stopping) => {}
    }
    Ok(demo)
}

/// What is being answered when it is told to stop is answered; whoever only keeps a connection open is not waited for.
async fn patience(mut stopping: watch::Receiver<bool>) {
    // It is told, or serving has ended.
    let _ = stopping.wait_for(|stopping| *stopping).await;
    tokio::time::sleep(LAST_ANSWERS).await;
}

/// Where it is, and who may sign in.
fn tell(demo: &Demo, address: SocketAddr) {
    println!("The help desk's console, as a demonstration: http://{address}/\n");
    for other in demo.operators() {
        println!(
            "  {:<8} password {}   {}",
            other.operator.id,
            other.password.as_str(),
            other.purpose
        );
    }
    println!("\nSign in as desk-1. The page \"Try it\" is the caller's side: a locked key of Robin Sample.");
    println!(
        "From a device's second code on another operator must approve: desk-2, in another browser or a private window."
    );
    println!("Ctrl-C ends it; nothing of it stays.");
}

/// Ctrl-C, and SIGTERM where there is such a thing.
#[cfg(unix)]
fn stopped() -> std::io::Result<impl Future<Output = ()> + Send> {
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
fn stopped() -> std::io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        // Without it, closing the window ends the process.
        let _ = tokio::signal::ctrl_c().await;
    })
}
