//! Search.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{Bench, Row, Store, put, remove, texts};
use crate::ports::{Derived, Table};
use crate::testing::{ContractError, ensure};

/// As many others as a store must give.
const OTHERS: usize = 200;

fn found(store: &mut Store, folded: &str, limit: u32) -> Result<Vec<Row>, ContractError> {
    let rows = store.begin()?.search(folded, limit)?;
    ensure(
        rows.len() <= limit as usize,
        "a search gives no more than asked for",
    )?;
    let each: BTreeSet<_> = rows.iter().collect();
    ensure(each.len() == rows.len(), "a search gives each row once")?;
    Ok(rows)
}

fn user(key: u8) -> Row {
    (Table::Users, vec![key])
}

pub(super) fn finds(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let mut store = bench.open()?;
    let mut rows: Vec<_> = [
        (1, "johanna"),
        (2, "anna maria"),
        (3, "anna"),
        (4, "zo\u{eb}"),
        (5, "漢字検索"),
    ]
    .map(|(key, text)| put(Table::Users, &[key], b"", texts(&[text])))
    .into();
    rows.push(put(
        Table::Users,
        &[6],
        b"",
        texts(&["ann", "susanne", "anna lena"]),
    ));
    rows.push(put(Table::Devices, &[3], b"", texts(&["0123456789abcdefghjk"])));
    bench.write(&mut store, rows)?;
    drop(store);
    let mut store = bench.open()?;
    let device = (Table::Devices, vec![3]);
    let (johanna, maria, anna, zoe, kanji, ann) = (user(1), user(2), user(3), user(4), user(5), user(6));
    for (text, ranks) in [
        ("", vec![]),
        ("x", vec![]),
        ("anna", vec![vec![&anna], vec![&maria, &ann], vec![&johanna]]),
        ("ann", vec![vec![&ann], vec![&anna, &maria], vec![&johanna]]),
        ("nna", vec![vec![&anna, &maria, &johanna, &ann]]),
        ("annab", vec![]),
        ("maria anna", vec![]),
        ("456789abc", vec![vec![&device]]),
        ("zo\u{eb}", vec![vec![&zoe]]),
        ("zoe", vec![]),
        ("字検索", vec![vec![&kanji]]),
    ] {
        let rows = found(&mut store, text, 50)?;
        let mut rest = rows.iter();
        for rank in &ranks {
            let got: BTreeSet<_> = rest.by_ref().take(rank.len()).collect();
            ensure(
                got == rank.iter().copied().collect(),
                "a search finds texts that are it first, then those that begin with it, then those that have it",
            )?;
        }
        ensure(rest.next().is_none(), "a search finds nothing else")?;
    }
    for (text, rows) in [
        ("j", vec![&johanna]),
        ("nn", vec![]),
        ("na", vec![]),
        ("01", vec![&device]),
        ("12", vec![]),
        ("漢", vec![&kanji]),
        ("漢字", vec![&kanji]),
        ("字検", vec![]),
        ("z", vec![&zoe]),
    ] {
        let got = found(&mut store, text, 50)?;
        ensure(
            got.iter().collect::<Vec<_>>() == rows,
            "one or two characters find only texts that begin with them",
        )?;
    }
    ensure(
        found(&mut store, "anna", 1)? == [anna] && found(&mut store, "anna", 0)?.is_empty(),
        "a limit keeps the best",
    )
}

/// What somebody types is never read as a pattern, an operator or a statement.
pub(super) fn takes_every_character(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let odd = [
        "q%percent%",
        "q_under_score",
        "q\"double \"quotes\"",
        "q''single 'quotes'",
        "qstar* st*r*",
        "q?mark [a-z] {1}",
        "q or near(a, b) and not c",
        "qtext:col - minus ^caret + plus",
        "qback\\slash\\ \\% \\_",
        "q'); drop table rows; --",
        "q\t\r\n\u{7f}\u{200d}control",
        "q\u{fffd}\u{10ffff}\u{10ffff}end",
        "q\u{1f511}\u{1f511}\u{1f511}\u{1f511}",
    ];
    let key = |number: usize| vec![b'o', number as u8];
    let mut store = bench.open()?;
    let rows = (0..)
        .zip(odd)
        .map(|(number, text)| put(Table::Users, &key(number), b"", texts(&[text])));
    bench.write(&mut store, rows.collect())?;
    let whole = "a search finds a text by the whole of it, whatever is in it";
    let part = "a search finds a text by each part of it, whatever is in it";
    for (number, text) in (0..).zip(odd) {
        let row = (Table::Users, key(number));
        ensure(found(&mut store, text, 50)? == [row.clone()], whole)?;
        let characters: Vec<char> = text.chars().collect();
        for width in 3..characters.len() {
            for window in characters.windows(width) {
                let window: String = window.iter().collect();
                ensure(found(&mut store, &window, 50)?.contains(&row), part)?;
            }
        }
    }
    for pattern in [
        "%",
        "_",
        "*",
        "\"",
        "'",
        "q%",
        "q_",
        "q*",
        "q?",
        "q%t%",
        "q_percent",
        "qs*",
        "qstar* OR q",
    ] {
        for row in found(&mut store, pattern, 50)? {
            let text = row.1.get(1).and_then(|number| odd.get(usize::from(*number)));
            ensure(
                text.is_some_and(|text| text.contains(pattern)),
                "a search takes what it is given letter by letter, not as a pattern",
            )?;
        }
    }
    Ok(())
}

pub(super) fn changes(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let key = |number: u8| vec![b's', number];
    let row = |number, value: &[u8], text: &[&str]| put(Table::Users, &key(number), value, texts(text));
    let mut store = bench.open()?;
    let first = (0..5).map(|number| row(number, b"1", &["wilhelmina", "second"]));
    bench.write(&mut store, first.collect())?;
    bench.write(
        &mut store,
        vec![
            row(0, b"2", &["wilhelmina", "second"]),
            row(1, b"2", &["second", "friederike"]),
            put(Table::Users, &key(2), b"2", Derived::default()),
            remove(Table::Users, key(3)),
        ],
    )?;
    drop(store);
    let mut store = bench.open()?;
    let rows = |numbers: &[u8]| {
        numbers
            .iter()
            .map(|number| (Table::Users, key(*number)))
            .collect::<BTreeSet<_>>()
    };
    for (text, there) in [
        ("wilhelmina", rows(&[0, 4])),
        ("wil", rows(&[0, 4])),
        ("helmi", rows(&[0, 4])),
        ("econd", rows(&[0, 1, 4])),
        ("rieder", rows(&[1])),
    ] {
        let got = found(&mut store, text, 50)?.into_iter().collect::<BTreeSet<_>>();
        ensure(
            got == there,
            "a row is found by the texts of its last form, and one that was removed by none",
        )?;
    }
    Ok(())
}

/// However many there are, the best come first, and enough of the others.
pub(super) fn many(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let mut store = bench.open()?;
    let rows = (0_u16..300).map(|number| {
        let text = format!("member {number} of staff");
        put(
            Table::Users,
            &[&b"m"[..], &number.to_be_bytes()].concat(),
            b"",
            texts(&[&text]),
        )
    });
    bench.write(&mut store, rows.collect())?;
    let last = put(Table::Users, b"last", b"", texts(&["of staff"]));
    bench.write(&mut store, vec![last])?;
    let begin = found(&mut store, "member ", 1000)?;
    ensure(
        begin.len() == 300,
        "all texts that begin with what is searched for are found",
    )?;
    let rows = found(&mut store, "of staff", 1000)?;
    ensure(
        rows.first() == Some(&(Table::Users, b"last".to_vec())),
        "a search finds texts that are it first, then those that begin with it, then those that have it",
    )?;
    ensure(
        rows.len() > OTHERS,
        "a search finds at least 200 texts that have it",
    )?;
    ensure(
        found(&mut store, "of staff", 50)?.len() == 50,
        "a search gives as many as asked for, where there are so many",
    )
}
