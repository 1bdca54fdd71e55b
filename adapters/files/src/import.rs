//! Lists from spreadsheets and other programs, as CSV (RFC 4180): devices from an enrolment station, and users.
//!
//! It also reads what spreadsheets save: semicolons or tabs, a first line `sep=;`, UTF-16, blank rows or rows of
//! commas, a header in capitals, empty columns at the end, or last cells that are left out because they are empty. A
//! cell that a spreadsheet would take for a formula has an apostrophe before it.

mod changes;
mod devices;
mod fault;
mod users;

use std::borrow::Cow;

use csv::{QuoteStyle, ReaderBuilder, StringRecord, Trim, WriterBuilder};
use fido_unlock_protocol::{Shown, text};

pub use changes::{ClassRests, UserChange, UserDifference, managers_elsewhere, user_change};
pub use devices::{DEVICE_COLUMNS, device_rows, foreign_or, read_devices};
pub use fault::{CellFault, ImportError, ImportErrors};
pub use users::{ImportedUser, USER_COLUMNS, read_users, user_text};

/// What stands in a row, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedRow<T> {
    /// The line on which the row begins, from 1.
    pub line: usize,
    /// What it says.
    pub value: T,
}

/// A file that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported<T> {
    /// The rows that can be read, in their order.
    pub rows: Vec<ImportedRow<T>>,
    /// What is wrong with the others; without any, all rows are there.
    pub faults: ImportErrors,
}

impl<T> Imported<T> {
    /// What every row says, where all of them can be read.
    ///
    /// # Errors
    /// [`ImportErrors`].
    pub fn whole(self) -> Result<Vec<ImportedRow<T>>, ImportErrors> {
        if self.faults.is_empty() {
            Ok(self.rows)
        } else {
            Err(self.faults)
        }
    }
}

/// One row's cells, and what was found wrong with them.
struct Cells<'a, const N: usize> {
    line: usize,
    columns: &'static [&'static str; N],
    cells: [&'a str; N],
    faults: Vec<ImportError>,
}

impl<const N: usize> Cells<'_, N> {
    /// `column`: the cell in its row, from 1.
    fn wrong(&mut self, column: usize, what: CellFault) {
        self.faults.push(ImportError::Field {
            line: self.line,
            column,
            field: self.columns.get(column - 1).copied().unwrap_or_default(),
            what,
        });
    }

    /// What a cell says; otherwise the fault is kept.
    fn read<T>(&mut self, column: usize, value: Option<T>, what: CellFault) -> Option<T> {
        if value.is_none() {
            self.wrong(column, what);
        }
        value
    }
}

/// Reads a table with these columns, of which the last `optional` may be left out where they are empty; the last `newer`
/// are missing in files of earlier versions, header and all. `read` gives what a row says, or `None` where it has kept a
/// fault.
fn read_table<T, const N: usize>(
    csv: &[u8],
    columns: &'static [&'static str; N],
    (optional, newer): (usize, usize),
    mut read: impl FnMut(&mut Cells<'_, N>) -> Option<T>,
) -> Result<Imported<T>, ImportErrors> {
    let text = text::read(csv).map_err(ImportError::from)?;
    let (hint, rows) = split_hint(&text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(hint.unwrap_or_else(|| delimiter(rows)))
        .from_reader(rows.as_bytes());
    let before = text.len() - rows.len();
    let (mut record, mut header) = (StringRecord::new(), None);
    let mut imported = Imported {
        rows: Vec::new(),
        faults: ImportErrors::default(),
    };
    // Text and memory: reading cannot fail.
    while reader.read_record(&mut record).unwrap_or(false) {
        // A row of commas is a blank one to a spreadsheet.
        if record.iter().all(str::is_empty) {
            continue;
        }
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let line = line_at(&text, start.saturating_add(before));
        let Some(width) = header else {
            header = [N, N.saturating_sub(newer)]
                .into_iter()
                .find(|width| is_header(&record, columns.iter().take(*width)));
            if header.is_none() {
                let found = record.iter().collect::<Vec<_>>().join(",");
                return Err(no_header(line, columns, &found).into());
            }
            continue;
        };
        match read_row(&record, line, columns, (optional, width), &mut read) {
            Ok(value) => imported.rows.push(ImportedRow { line, value }),
            Err(faults) => faults.into_iter().for_each(|fault| imported.faults.push(fault)),
        }
    }
    if header.is_some() {
        Ok(imported)
    } else {
        Err(no_header(1, columns, "nothing").into())
    }
}

fn no_header(line: usize, columns: &[&str], found: &str) -> ImportError {
    let start: String = found.chars().take(60).collect();
    ImportError::Header {
        line,
        wanted: columns.join(","),
        found: Shown(&start).to_string(),
    }
}

/// The columns in their order, in capitals or not, and empty ones behind them.
fn is_header<'a>(record: &StringRecord, mut columns: impl Iterator<Item = &'a &'static str>) -> bool {
    let mut cells = record.iter();
    columns.all(|column| cells.next().is_some_and(|cell| cell.eq_ignore_ascii_case(column)))
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

fn read_row<T, const N: usize>(
    row: &StringRecord,
    line: usize,
    columns: &'static [&'static str; N],
    (optional, width): (usize, usize),
    read: &mut impl FnMut(&mut Cells<'_, N>) -> Option<T>,
) -> Result<T, Vec<ImportError>> {
    let miscounted = ImportError::Cells {
        line,
        found: row.len(),
        wanted: width,
    };
    let more = row.iter().skip(width);
    let fits = row.len().saturating_add(optional) >= N && more.clone().all(str::is_empty);
    if !fits {
        return Err(vec![miscounted]);
    }
    let mut all = row.iter();
    let mut cells = Cells {
        line,
        columns,
        // Excel leaves out empty cells at the end.
        cells: core::array::from_fn(|_| all.next().unwrap_or_default()),
        faults: Vec::new(),
    };
    match read(&mut cells) {
        Some(value) if cells.faults.is_empty() => Ok(value),
        // A separator in a cell that is not quoted has moved those behind it.
        _ if row.len() > width => Err(vec![miscounted]),
        _ => Err(cells.faults),
    }
}

fn to_row<const N: usize>(row: [&str; N]) -> String {
    // A spreadsheet may separate by it, whatever the file does; no cell has a tab.
    let quotes = if row.iter().any(|cell| cell.contains(';')) {
        QuoteStyle::NonNumeric
    } else {
        QuoteStyle::Necessary
    };
    let mut writer = WriterBuilder::new().quote_style(quotes).from_writer(Vec::new());
    // Memory takes every row of so few cells.
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
    use fido_unlock_protocol::DeviceId;

    use super::*;

    /// The base point.
    const POINT: &str = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";

    fn row(number: u8, user: &str) -> String {
        let id = DeviceId::from_bytes([number; 10]).to_code();
        device_rows(false, [[&id, user, "2", "1", POINT, POINT, ""]])
    }

    fn file(rows: &[&str]) -> String {
        device_rows(true, []) + &rows.concat()
    }

    fn owners(csv: &str) -> Vec<String> {
        let devices = read_devices(csv.as_bytes()).unwrap().whole().unwrap();
        devices
            .iter()
            .map(|row| row.value.owner.as_str().to_owned())
            .collect()
    }

    fn faults(csv: &str) -> ImportErrors {
        match read_devices(csv.as_bytes()) {
            Ok(read) => read.whole().err().unwrap(),
            Err(faults) => faults,
        }
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
        assert_eq!(read_devices(&utf16).unwrap().rows.len(), 2);
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
            faults(&format!("sep=,\n{}", file(&[&row(1, "a"), &bad]))).to_string(),
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
                "",
            ]],
        );
        for unquoted in [semicolons(&row(1, "carol")), semicolons(&suite_1)] {
            assert_eq!(
                faults(&unquoted).errors,
                [ImportError::Cells {
                    line: 2,
                    found: 8,
                    wanted: 7
                }],
                "{unquoted}"
            );
        }
        assert!(
            faults(&semicolons(&suite_1))
                .to_string()
                .contains("double quotes")
        );
    }

    #[test]
    fn a_fault_is_told_with_line_and_column() {
        let error = |csv: &str| faults(csv).to_string();
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
            "line 2: 2 cells instead of 7; a cell that contains the separator must be in double quotes"
        );
        assert_eq!(
            error(&file(&[&row(1, "a").replacen(POINT, "xy", 1)])),
            "line 2, column 5 (issuer): 66 hexadecimal digits are wanted"
        );
        assert_eq!(
            error(&file(&[&row(1, "a").replace('-', "Z")])),
            "line 2, column 1 (device_id): the code has the wrong length: 24 instead of 20"
        );
        let header = "the first line must be device_id,user,suite,slot,issuer,device_key,label, not";
        assert_eq!(error("my-host\n"), format!("line 1: {header} my-host"));
        assert_eq!(error("\n\n\u{1b}[2K\n"), format!("line 3: {header} \\u{{1b}}[2K"));
        assert_eq!(error(""), format!("line 1: {header} nothing"));
        assert_eq!(
            error(&row(1, "a")).split(" not ").next(),
            Some(format!("line 1: {header}").trim_end_matches(" not"))
        );
        let no_text = read_devices(b"\xFC").err().unwrap();
        assert!(matches!(no_text.errors[..], [ImportError::Text(_)]));
    }

    #[test]
    fn every_fault_is_told_and_what_can_be_read_is_there() {
        let bad = row(9, "").replace(",2,1,", ",3,16,").replace(POINT, "xy");
        let csv = file(&[&row(1, "a"), &bad, &row(2, "b"), "1,2\n", &row(3, "c")]);
        let read = read_devices(csv.as_bytes()).unwrap();
        let rows: Vec<_> = read
            .rows
            .iter()
            .map(|row| (row.line, row.value.owner.as_str()))
            .collect();
        assert_eq!(rows, [(2, "a"), (4, "b"), (6, "c")]);
        assert_eq!(
            read.whole().err().unwrap().to_string(),
            "line 3, column 2 (user): not a user's id\n  \
             line 3, column 3 (suite): neither 1 nor 2\n  \
             line 3, column 4 (slot): not a number from 0 to 15\n  \
             line 3, column 5 (issuer): 66 hexadecimal digits are wanted\n  \
             line 5: 2 cells instead of 7; a cell that contains the separator must be in double quotes"
        );
        let many = file(&["1,2\n"; 103]);
        let faults = faults(&many);
        assert_eq!((faults.errors.len(), faults.more), (100, 3));
        assert!(faults.to_string().ends_with("double quotes\n  and 3 more"));
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
