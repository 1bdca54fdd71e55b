//! `help-desk --demo`: until it is told to stop, or has played a call, or whoever started it is gone.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use fido_unlock_mock::serve::KeyServer;
use help_desk::Serving;
use help_desk::config::Limits;
use help_desk::demo::Demo;
use tokio::sync::oneshot;

use crate::arguments::Arguments;
use crate::{Failure, runtime, stopped};

/// How long answers that are under way have, once it is told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Makes it, and serves it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let listener = TcpListener::bind(arguments.demo_address())?;
    let address = listener.local_addr()?;
    let demo = Demo::with(address, &arguments.demo_options()).map_err(|refusal| refusal.text())?;
    let key = serve_key(&demo, arguments)?;
    let serving = Serving {
        app: demo.app(),
        listener,
        certificate: None,
        operations: None,
        limits: limits(arguments),
        trusted_proxies: Vec::new(),
        stop: LAST_ANSWERS,
    };
    // The demonstration's files go when nothing works on them any more.
    runtime()?.block_on(async {
        if arguments.yes {
            return play(&demo, address, serving).await;
        }
        let stopped = stopped()?;
        if !arguments.json {
            tell(&demo, address, arguments.approval_from, key.as_ref());
            return Ok(serving.run(stopped).await?);
        }
        tell_programs(&demo, address, key.as_ref())?;
        let input_ended = input_ended();
        let ended = async {
            tokio::select! {
                () = stopped => {}
                // Also where nobody can tell any more.
                _ = input_ended => {}
            }
        };
        Ok(serving.run(ended).await?)
    })
}

/// Programs that are tried against it ask more often than people do, all from one address.
fn limits(arguments: &Arguments) -> Limits {
    let people = Limits::default();
    if arguments.json {
        Limits {
            requests_per_minute: people.requests_per_minute.saturating_mul(100),
            ..people
        }
    } else {
        people
    }
}

/// The key, on the port that is asked for.
fn serve_key(demo: &Demo, arguments: &Arguments) -> io::Result<Option<KeyServer>> {
    let app = demo.app();
    let serve = |(key, port): (&help_desk::demo::VirtualKey, u16)| {
        key.serve(port)
            .map_err(|error| io::Error::new(error.kind(), format!("port {port}: {error}")))
    };
    app.key().zip(arguments.demo_key_port()).map(serve).transpose()
}

async fn play(demo: &Demo, address: SocketAddr, serving: Serving) -> Result<(), Failure> {
    let (told, stopping) = oneshot::channel::<()>();
    let served = tokio::spawn(serving.run(async {
        // It is told, or nobody can tell any more.
        let _ = stopping.await;
    }));
    let played = demo.play(address).await;
    drop(told);
    served.await??;
    played.map_err(Failure::from)
}

/// Ready at the end of standard input, so that it does not outlive the program that started it.
fn input_ended() -> oneshot::Receiver<()> {
    let (tell, ended) = oneshot::channel();
    // Not one of the runtime's threads: nothing ends a read, and the runtime would wait for it.
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = tell.send(());
    });
    ended
}

/// Where it is and how to get in, as a line for programs.
fn tell_programs(demo: &Demo, address: SocketAddr, key: Option<&KeyServer>) -> Result<(), Failure> {
    let told = demo
        .for_programs(format!("http://{address}"), key.map(KeyServer::port))
        .map_err(|refusal| refusal.text())?;
    let mut output = io::stdout().lock();
    serde_json::to_writer(&mut output, &told)?;
    writeln!(output)?;
    Ok(output.flush()?)
}

/// Where it is, and who may sign in.
fn tell(demo: &Demo, address: SocketAddr, approval_from: u32, key: Option<&KeyServer>) {
    println!(
        "The help desk's console, as a demonstration: http://{}/\n",
        named(address)
    );
    for other in demo.operators() {
        println!(
            "  {:<10} password {}   {}",
            other.operator.id,
            other.password.as_str(),
            other.purpose
        );
    }
    println!("\nSign in as desk-1. The page \"Try it\" is the caller's side: a locked key of Robin Sample.");
    println!(
        "From a device's code number {} on another operator must approve: desk-2, in another browser or a private window.",
        approval_from.saturating_add(1)
    );
    if let Some(key) = key {
        println!("Programs on this machine find the key on port {}.", key.port());
    }
    println!("Ctrl-C ends it; nothing of it stays.");
}

/// By name where there is one: an address has no passkeys.
fn named(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(Ipv4Addr::LOCALHOST) => format!("localhost:{}", address.port()),
        _ => address.to_string(),
    }
}
