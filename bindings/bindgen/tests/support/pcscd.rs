//! A private pcscd with the virtual key as a card in its reader. Needs Debian's pcscd and vsmartcard-vpcd.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::build;

const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
const PATIENCE: Duration = Duration::from_secs(60);

pub struct CardReader {
    processes: Vec<Child>,
    folder: PathBuf,
}

impl CardReader {
    /// Starts both.
    pub fn start(folder: &Path) -> Self {
        assert!(
            Path::new(DRIVER).exists(),
            "needs Debian's package vsmartcard-vpcd"
        );
        let config = folder.join("readers");
        fs::create_dir_all(&config).unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let reader = format!(
            "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:0x{port:04X}\nLIBPATH {DRIVER}\nCHANNELID 0x{port:04X}\n"
        );
        fs::write(config.join("vpcd"), reader).unwrap();
        let log = File::create(folder.join("pcscd.log")).unwrap();
        let pcscd = Command::new("sh")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/pcscd.sh"))
            .args([folder, &config])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("sh");
        let mut this = Self {
            processes: vec![pcscd],
            folder: folder.to_path_buf(),
        };
        let begun = Instant::now();
        while !this.socket().exists() {
            assert!(
                begun.elapsed() < PATIENCE,
                "pcscd does not start: packages pcscd, vsmartcard-vpcd"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        this.insert(port);
        this.wait_for_the_card();
        this
    }

    /// pcscd looks for a card each half second, or later where the machine has other work.
    fn wait_for_the_card(&self) {
        let look = build("fido-unlock-cli", &["--features", "pcsc"]).join("fido-unlock");
        let begun = Instant::now();
        loop {
            let seen = Command::new(&look)
                .args(["--json", "devices"])
                .env("PCSCLITE_CSOCK_NAME", self.socket())
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&seen.stdout).replace(' ', "");
            if text.contains("VirtualPCD") && text.contains("\"usable\":true") {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "no card: {seen:?}");
        }
    }

    fn insert(&mut self, port: u16) {
        let program = build("fido-unlock-virtual", &[]);
        let mut key = Command::new(program.join("fido-unlock-virtual"))
            .args(["card", "--reader-port", &port.to_string(), "--state"])
            .arg(self.folder.join("key.bin"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(key.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        self.processes.push(key);
        assert_eq!(line.trim(), "ready");
    }

    /// Where libpcsclite finds it: `PCSCLITE_CSOCK_NAME`.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("pcscd.comm")
    }
}

impl Drop for CardReader {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
