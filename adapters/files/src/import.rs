//! Devices from an enrolment station, as CSV (RFC 4180) with the header
//! `device_id,user,suite,slot,issuer,device_key`.
//!
//! `device_id`: a Device ID as people read it aloud; `user`: the owner's id; `issuer`: Q and `device_key`:
//! E, each a compressed point in hex, empty if the suite has none. An admin key is never in such a
//! file: suite-3 devices are registered one by one.
//!
//! It also reads what spreadsheets save: semicolons or tabs, a first line `sep=;`, UTF-16, blank rows or rows of
//! commas, a header in capitals, empty columns at the end, or a last cell that is left out because it is empty. A
//! cell that a spreadsheet would take for a formula has an apostrophe before it.

use std::borrow::Cow;

use csv::{QuoteStyle, ReaderBuilder, StringRecord, Trim, WriterBuilder};
use fido_unlock_desk::{DeviceKeys, NewDevice, UserId};
use fido_unlock_protocol::code::CodeError;
use fido_unlock_protocol::suite::{DevicePublicKey, IssuerPublicKey};
use fido_unlock_protocol::text::{self, TextError};
use fido_unlock_protocol::{DeviceId, ErrorCode, HasCode, Shown};

/// The columns, in this order.
pub const DEVICE_COLUMNS: [&str; 6] = ["device_id", "user", "suite", "slot", "issuer", "device_key"];

/// What is wrong with such a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It is no text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The first line is not the header.
    #[error("line {line}: the first line must be {wanted}, not {found}", wanted = DEVICE_COLUMNS.join(","))]
    Header {
        /// The line, from 1; 1 if there is none.
        line: usize,
        /// What was found there, shortened and safe to show.
        found: String,
    },
    /// A row has too few or too many cells.
    #[error(
        "line {line}: {found} cells instead of {wanted}; a cell that contains the separator must be in double quotes",
        wanted = DEVICE_COLUMNS.len()
    )]
    Cells {
        /// The line, from 1.
        line: usize,
        /// How many there are.
        found: usize,
    },
    /// A cell that cannot be read.
    #[error("line {line}, column {column} ({field}): {what}")]
    Field {
        /// The line, from 1.
        line: usize,
        /// The cell in its row, from 1.
        column: usize,
        /// The column's name.
        field: &'static str,
        /// What was expected there.
        what: &'static str,
    },
    /// The Device ID has a typing error.
    #[error("line {line}, column 1 (device_id): {error}")]
    DeviceId {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        error: CodeError,
    },
}

impl HasCode for ImportError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Text(error) => error.code(),
            Self::Header { .. } | Self::Cells { .. } | Self::Field { .. } => ErrorCode::TextForm,
            Self::DeviceId { error, .. } => error.code(),
        }
    }
}

/// Reads every device, or none if a line is wrong. They are then given to
/// [`Desk::register_device`](fido_unlock_desk::Desk::register_device).
///
/// # Errors
/// [`ImportError`], the first wrong line.
pub fn read_devices(csv: &[u8]) -> Result<Vec<NewDevice>, ImportError> {
    let text = text::read(csv)?;
    let (hint, rows) = split_hint(&text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(hint.unwrap_or_else(|| delimiter(rows)))
        .from_reader(rows.as_bytes());
    let before = text.len() - rows.len();
    let (mut record, mut devices, mut header) = (StringRecord::new(), Vec::new(), false);
    // Text and memory: reading cannot fail.
    while reader.read_record(&mut record).unwrap_or(false) {
        // A row of commas is a blank one to a spreadsheet.
        if record.iter().all(str::is_empty) {
            continue;
        }
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let line = line_at(&text, start.saturating_add(before));
        if header {
            devices.push(read_row(&record, line)?);
        } else if is_header(&record) {
            header = true;
        } else {
            return Err(no_header(line, record.iter().collect::<Vec<_>>().join(",")));
        }
    }
    if header {
        Ok(devices)
    } else {
        Err(no_header(1, "nothing".into()))
    }
}

fn no_header(line: usize, found: String) -> ImportError {
    let start: String = found.chars().take(60).collect();
    let found = Shown(&start).to_string();
    ImportError::Header { line, found }
}

/// The columns in their order, in capitals or not, and empty ones behind them.
fn is_header(record: &StringRecord) -> bool {
    let mut cells = record.iter();
    DEVICE_COLUMNS
        .iter()
        .all(|column| cells.next().is_some_and(|cell| cell.eq_ignore_ascii_case(column)))
        && cells.all(str::is_empty)
}

/// The separator that a first line `sep=;` names to a spreadsheet, and what comes after that line.
fn split_hint(text: &str) -> (Option<u8>, &str) {
    let begun = text.trim_start();
    let (line, rest) = match begun.find(['\r', '\n']) {
        Some(end) => begun.split_at(end),
        None => (begun, ""),
    };
    // It may have been quoted, or filled up with separators, when it was saved once more.
    let line = line.trim_start_matches('"');
    let (name, value) = line.split_at_checked(4).unwrap_or_default();
    match value.bytes().next() {
        Some(separator) if name.eq_ignore_ascii_case("sep=") && separator.is_ascii() => {
            (Some(separator), rest)
        }
        _ => (None, text),
    }
}

/// The comma; if the header has none, what a spreadsheet may have used instead.
fn delimiter(text: &str) -> u8 {
    let header = text.trim_start().lines().next().unwrap_or_default();
    let instead = [b';', b'\t']
        .into_iter()
        .find(|other| header.contains(char::from(*other)));
    instead.filter(|_| !header.contains(',')).unwrap_or(b',')
}

/// The line of the row that begins here, from 1: blank lines before it are passed by, which the reader of
/// CSV counts to it.
fn line_at(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    let before = text.get(..start + blank).unwrap_or(text);
    // A carriage return alone ends a line, too.
    let alone = before.matches('\r').count() - before.matches("\r\n").count();
    before.matches('\n').count() + alone + 1
}

fn read_row(row: &StringRecord, line: usize) -> Result<NewDevice, ImportError> {
    let cells: Vec<&str> = row.iter().collect();
    let miscounted = ImportError::Cells {
        line,
        found: cells.len(),
    };
    let (wanted, more) = cells.split_at(cells.len().min(DEVICE_COLUMNS.len()));
    if more.iter().any(|cell| !cell.is_empty()) {
        return Err(miscounted);
    }
    let read = match *wanted {
        [device_id, user, suite, slot, issuer, device_key] => {
            read_cells([device_id, user, suite, slot, issuer, device_key], line)
        }
        // Excel leaves out an empty last cell.
        [device_id, user, suite, slot, issuer] => {
            read_cells([device_id, user, suite, slot, issuer, ""], line)
        }
        _ => return Err(miscounted),
    };
    // A separator in a cell that is not quoted has moved those behind it.
    read.map_err(|error| if more.is_empty() { error } else { miscounted })
}

fn read_cells(cells: [&str; 6], line: usize) -> Result<NewDevice, ImportError> {
    let [device_id, user, suite, slot, issuer, device_key] = cells;
    let wrong = |column: usize, what| ImportError::Field {
        line,
        column,
        field: DEVICE_COLUMNS.get(column - 1).copied().unwrap_or_default(),
        what,
    };
    let point = |column, text: &str| {
        base16ct::mixed::decode_vec(text).map_err(|_| wrong(column, "66 hexadecimal digits are wanted"))
    };
    const NO_POINT: &str = "not a point of P-256";
    let id = DeviceId::parse(device_id).map_err(|error| ImportError::DeviceId { line, error })?;
    let owner = UserId::new(from_cell(user)).ok_or_else(|| wrong(2, "not a user's id"))?;
    let suite: u8 = suite.parse().map_err(|_| wrong(3, "neither 1 nor 2"))?;
    let slot = slot.parse().map_err(|_| wrong(4, "not a number from 0 to 15"))?;
    let issuer = point(5, issuer)?;
    let issuer = IssuerPublicKey::from_compressed(&issuer).map_err(|_| wrong(5, NO_POINT))?;
    let keys = match suite {
        1 if device_key.is_empty() => DeviceKeys::P256Ecdsa { issuer },
        2 => {
            let device = point(6, device_key)?;
            DeviceKeys::P256EcdhMac {
                issuer,
                device: DevicePublicKey::from_compressed(&device).map_err(|_| wrong(6, NO_POINT))?,
            }
        }
        1 => return Err(wrong(6, "nothing is wanted in suite 1")),
        _ => return Err(wrong(3, "neither 1 nor 2")),
    };
    Ok(NewDevice {
        id,
        owner,
        slot,
        keys,
        admin_key: None,
        counter: Some(0),
        rotation: 0,
        other_slots: Vec::new(),
    })
}

/// The rows of devices as text, with the header where it is wanted. Each row has its cells in the order of
/// [`DEVICE_COLUMNS`].
#[must_use]
pub fn device_rows<'a>(header: bool, rows: impl IntoIterator<Item = [&'a str; 6]>) -> String {
    let header = header.then_some(DEVICE_COLUMNS);
    header.into_iter().chain(rows).map(to_row).collect()
}

fn to_row(row: [&str; 6]) -> String {
    // A spreadsheet may separate by it, whatever the file does; no cell has a tab.
    let quotes = if row.iter().any(|cell| cell.contains(';')) {
        QuoteStyle::NonNumeric
    } else {
        QuoteStyle::Necessary
    };
    let mut writer = WriterBuilder::new().quote_style(quotes).from_writer(Vec::new());
    // Memory takes every row of six cells.
    let _ = writer.write_record(row.map(to_cell).iter().map(|cell| cell.as_bytes()));
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// A text for a cell. One that begins with = + - @ is a formula to a spreadsheet, which may run programs
/// (OWASP, "CSV Injection"); with an apostrophe before it, it is a text.
fn to_cell(text: &str) -> Cow<'_, str> {
    if is_formula(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text of a cell: what [`to_cell`] was given, for every text.
fn from_cell(cell: &str) -> &str {
    cell.strip_prefix('\'')
        .filter(|text| is_formula(text))
        .unwrap_or(cell)
}

/// Behind any number of apostrophes, so that those of a text itself come back.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The base point.
    const POINT: &str = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";

    fn row(number: u8, user: &str) -> String {
        let id = DeviceId::from_bytes([number; 10]).to_code();
        device_rows(false, [[&id, user, "2", "1", POINT, POINT]])
    }

    fn file(rows: &[&str]) -> String {
        device_rows(true, []) + &rows.concat()
    }

    fn owners(csv: &str) -> Vec<String> {
        let devices = read_devices(csv.as_bytes()).unwrap();
        devices
            .iter()
            .map(|device| device.owner.as_str().to_owned())
            .collect()
    }

    #[test]
    fn what_spreadsheets_make_of_a_file_is_read() {
        let good = file(&[&row(1, "alice"), &row(2, "bob, \"b\"")]);
        let wanted = ["alice", "bob, \"b\""];
        assert_eq!(owners(&good), wanted);
        assert_eq!(owners(&good.replace('\n', "\r\n\r\n,,,,,\r\n")), wanted);
        assert_eq!(owners(&format!("\n\n{}", good.replace('\n', "\r"))), wanted);
        let simple = file(&[&row(1, "alice"), &row(2, "bob")]);
        for other in [";", "\t"] {
            assert_eq!(owners(&simple.replace(',', other)), ["alice", "bob"]);
        }
        let utf16: Vec<u8> = "\u{feff}"
            .encode_utf16()
            .chain(good.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(read_devices(&utf16).unwrap().len(), 2);
        assert_eq!(owners(&file(&[])), [""; 0]);
    }

    #[test]
    fn what_excel_adds_or_leaves_out_is_no_fault() {
        let suite_1 = device_rows(
            false,
            [[
                &DeviceId::from_bytes([3; 10]).to_code(),
                "carol",
                "1",
                "0",
                POINT,
                "",
            ]],
        );
        let simple = file(&[&row(1, "alice"), &suite_1, &row(2, "bob")]);
        let wanted = ["alice", "carol", "bob"];
        for separator in [",", ";", "\t", "|"] {
            let rows = simple.replace(',', separator);
            let more = rows.replace('\n', &format!("{separator}{separator}\n"));
            let less = rows.replace(&format!("{separator}\n"), "\n");
            let capitals = rows.replace("device_id", "Device_ID").replace("suite", "SUITE");
            for rows in [rows, more, less, capitals] {
                for hint in ["sep=", "SEP=", "\"sep="] {
                    let filled = separator.repeat(5);
                    for end in ["\n", "\r\n", "\r"] {
                        let hinted = format!("{hint}{separator}{end}{}", rows.replace('\n', end));
                        assert_eq!(owners(&hinted), wanted, "{hinted}");
                        let saved_again = format!("{hint}{separator}{filled}\n{rows}");
                        assert_eq!(owners(&saved_again), wanted, "{saved_again}");
                    }
                }
                if separator != "|" {
                    assert_eq!(owners(&rows), wanted, "{rows}");
                }
            }
        }
        // The hint is a line of its own.
        let bad = row(2, "bob").replace(",2,", ",9,");
        assert_eq!(
            read_devices(format!("sep=,\n{}", file(&[&row(1, "a"), &bad])).as_bytes())
                .err()
                .unwrap()
                .to_string(),
            "line 4, column 3 (suite): neither 1 nor 2"
        );
    }

    /// A name with a separator in it comes back, by whatever a spreadsheet separates; not quoted, it is told.
    #[test]
    fn a_separator_within_a_cell_is_quoted() {
        for user in ["a;b", "a,b", "a;\"b\""] {
            let text = file(&[&row(1, user)]);
            assert_eq!(owners(&text), [user]);
            let cell = format!("\"{}\"", user.replace('"', "\"\""));
            assert!(text.contains(&cell), "{text}");
        }
        let fault = |text: &str| read_devices(text.as_bytes()).err().unwrap();
        let semicolons = |row: &str| file(&[&row.replace("carol", "ca,rol")]).replace(',', ";");
        let suite_1 = device_rows(
            false,
            [[
                &DeviceId::from_bytes([3; 10]).to_code(),
                "carol",
                "1",
                "0",
                POINT,
                "",
            ]],
        );
        for unquoted in [semicolons(&row(1, "carol")), semicolons(&suite_1)] {
            assert_eq!(
                fault(&unquoted),
                ImportError::Cells { line: 2, found: 7 },
                "{unquoted}"
            );
        }
        assert!(fault(&semicolons(&suite_1)).to_string().contains("double quotes"));
    }

    #[test]
    fn a_fault_is_told_with_line_and_column() {
        let error = |csv: &str| read_devices(csv.as_bytes()).err().unwrap().to_string();
        let bad = row(2, "bob").replace(",2,", ",9,");
        let blank = format!("\n\n,,,,,\n{}", row(1, "a"));
        for end in ["\n", "\r\n", "\r"] {
            assert_eq!(
                error(&file(&[&blank, "\n\n", &bad]).replace('\n', end)),
                "line 8, column 3 (suite): neither 1 nor 2"
            );
        }
        assert_eq!(
            error(&file(&["1,2\n"])),
            "line 2: 2 cells instead of 6; a cell that contains the separator must be in double quotes"
        );
        assert_eq!(
            error(&file(&[&row(1, "a").replace(POINT, "xy")])),
            "line 2, column 5 (issuer): 66 hexadecimal digits are wanted"
        );
        assert_eq!(
            error(&file(&[&row(1, "a").replace('-', "Z")])),
            "line 2, column 1 (device_id): the code has the wrong length: 24 instead of 20"
        );
        let header = "the first line must be device_id,user,suite,slot,issuer,device_key, not";
        assert_eq!(error("my-host\n"), format!("line 1: {header} my-host"));
        assert_eq!(error("\n\n\u{1b}[2K\n"), format!("line 3: {header} \\u{{1b}}[2K"));
        assert_eq!(error(""), format!("line 1: {header} nothing"));
        assert_eq!(
            error(&row(1, "a")).split(" not ").next(),
            Some(format!("line 1: {header}").trim_end_matches(" not"))
        );
        assert!(matches!(read_devices(b"\xFC"), Err(ImportError::Text(_))));
    }

    #[test]
    fn no_cell_is_a_formula_and_each_text_comes_back() {
        for user in [
            "=cmd|'/c calc'!A1",
            "+1",
            "-1",
            "@a",
            "'",
            "'=1",
            "''@",
            "a=b",
            "'a",
        ] {
            let text = row(1, user);
            let cell = text.split(',').nth(1).unwrap().trim_start_matches('"');
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
            assert_eq!(owners(&file(&[&text])), [user]);
        }
    }
}
