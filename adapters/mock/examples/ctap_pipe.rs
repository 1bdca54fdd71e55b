//! A software authenticator on standard input and output, for clients in other languages.
//!
//! `cargo run -p fido-unlock-mock --example ctap_pipe -- [FILE] [--max-retries N] [--protocols 2,1]`
//!
//! Each frame is a length (2 bytes, big-endian), then a kind (1 byte), then the rest. In: 0 a message
//! over the FIDO interface, 1 one over the vendor interface, 2 a power cycle (no rest). Out: 0 the
//! answer to either (empty after a power cycle), 1 a keep-alive with its status. The touch comes at
//! the first keep-alive.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};

use fido_unlock_mock::framing::CtapHandler;
use fido_unlock_mock::{SoftAuthenticator, Storage, Touch};
use fido_unlock_protocol::Interface;
use fido_unlock_protocol::pin_protocol::PinProtocol;

fn read_frame(from: &mut impl Read) -> std::io::Result<Option<Vec<u8>>> {
    let mut length = [0; 2];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut frame = vec![0; u16::from_be_bytes(length).into()];
    from.read_exact(&mut frame)?;
    Ok(Some(frame))
}

fn write_frame(kind: u8, rest: &[u8]) -> std::io::Result<()> {
    let length = u16::try_from(rest.len() + 1).map_err(|_| ErrorKind::InvalidData)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&[kind])?;
    out.write_all(rest)?;
    out.flush()
}

fn build() -> Result<SoftAuthenticator, Box<dyn Error>> {
    let mut builder = SoftAuthenticator::builder().touch(Touch::After(1));
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or("a value is missing");
        builder = match argument.as_str() {
            "--max-retries" => builder.max_retries(value()?.parse()?),
            "--protocols" => {
                let protocols: Result<Vec<_>, Box<dyn Error>> = value()?
                    .split(',')
                    .map(|number| Ok(PinProtocol::from_number(number.parse()?).ok_or("no such protocol")?))
                    .collect();
                builder.protocols(&protocols?)
            }
            file => builder.storage(Storage::File(file.into())),
        };
    }
    Ok(builder.build()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut key = build()?;
    let mut input = std::io::stdin().lock();
    while let Some(frame) = read_frame(&mut input)? {
        let (&kind, message) = frame.split_first().ok_or("an empty frame")?;
        let interface = match kind {
            0 => Interface::Fido,
            1 => Interface::Vendor,
            _ => {
                key.power_cycle();
                write_frame(0, &[])?;
                continue;
            }
        };
        let answer = key.handle(interface, message, &mut |status| {
            write_frame(1, &[status]).is_err()
        });
        write_frame(0, &answer)?;
    }
    Ok(())
}
