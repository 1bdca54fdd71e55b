//! The service as a process of its own, so that its memory is its own.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result};
use fido_unlock::desk::Desk;
use fido_unlock::desk::log::SoftwareNoteSigner;
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use help_desk::{App, AppParts, Desks, MakeDesk, MakeNoteSigner, Site};
use tokio::net::TcpListener;

use crate::house;
use crate::load::{Program, Reader};

/// Serves a database that [`house::House`] has made, until it is killed; says its port.
pub fn run(database: &Path) -> Result<()> {
    let store = SqliteStore::open(database, SqliteOptions::default())?;
    let make: Arc<MakeDesk> = Arc::new(move || {
        let parts = house::parts_over(Box::new(store.clone()))?;
        Desk::open(parts)
    });
    let notes: Arc<MakeNoteSigner> =
        Arc::new(|log| Box::new(SoftwareNoteSigner::from_seed(log, &[0x43; 32])));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let app = App::new(AppParts {
            desks: Desks::start(make).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?,
            site: Site::on_loopback(address),
            key: None,
            packages: None,
            notes,
        });
        println!("{address}");
        std::io::stdout().flush()?;
        axum::serve(listener, help_desk::app(app)).await?;
        Ok(())
    })
}

/// Such a process, as long as this value.
pub struct Served {
    process: Child,
    address: SocketAddr,
}

impl Served {
    pub fn start(database: &Path) -> Result<Self> {
        let program: PathBuf = std::env::current_exe()?;
        let mut process = Command::new(program)
            .arg("serve")
            .arg(database)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let said = process.stdout.take().context("its output")?;
        BufReader::new(said).read_line(&mut line)?;
        Ok(Self {
            process,
            address: line.trim().parse().context("its address")?,
        })
    }

    /// A browser.
    pub fn reader(&self) -> Reader {
        Reader::new(self.address)
    }

    /// A program with this access token.
    pub fn program(&self, token: &str) -> Program {
        Program::new(self.address, token)
    }

    /// In megabytes.
    pub fn resident(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kilobytes.context("VmRSS")?.parse::<u64>()? / 1024)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
