//! What `audit` writes, judged by Go's `golang.org/x/mod/sumdb`.

#[path = "../../../../tests/tests/log_witness/program.rs"]
mod program;

use std::fs;

use program::{judge, witness};

use crate::bench::{Bench, PASSPHRASE};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/witness/log");

#[test]
fn go_verifies_the_files_of_audit() {
    let bench = Bench::with_desk(1);
    bench.admin("audit checkpoint --out checkpoint.old", "").ok();
    bench.admin("audit show", "").ok();
    let written = bench.admin("audit export --to log", "").ok();
    let prove = "audit prove --desk desk --entry 2 --checkpoint log/checkpoint --out log/2.tlog-proof";
    bench.run(prove, &format!("{PASSPHRASE}\n")).ok();
    for (from, to) in [
        ("desk/checkpoint.pub", "log/key"),
        ("checkpoint.old", "log/checkpoint.old"),
    ] {
        fs::copy(bench.path(from), bench.path(to)).unwrap();
    }
    let program = witness(SOURCE.as_ref());
    let log = bench.path("log");
    let said = judge(&program, &log);
    assert_eq!(
        said,
        (true, format!("{} entries, 1 proofs\n", written["entries"]))
    );
    for (name, what) in [("checkpoint.old", "checkpoint"), ("2.tlog-proof", "proof")] {
        let good = fs::read(log.join(name)).unwrap();
        let mut bytes = good.clone();
        let at = bytes.len() - 20;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        fs::write(log.join(name), bytes).unwrap();
        let (taken, said) = judge(&program, &log);
        assert!(
            !taken && (said.contains(what) || said.contains("checkpoint")),
            "{name}: {said}"
        );
        fs::write(log.join(name), good).unwrap();
    }
}
