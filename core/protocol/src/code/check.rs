//! The check of a line: a generalized Reed–Solomon code over GF(32) with four check characters
//! and minimum distance 5 (docs/protocol.md, "Codes").
//!
//! Position i, from 0, has the column α^(i mod 31) · (1, i, i², i³). The syndrome of a line is the
//! sum of its characters' values times their columns; it must be (0, 0, 0, c), where c says what
//! the line is.

use super::CHECK_CHARACTERS;
use super::gf32::Gf32;

/// Four elements: a column, or a sum of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Syndrome(pub(super) [Gf32; 4]);

/// Which wrong characters make a syndrome: the position, and what must be added to put it right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Located {
    /// Three or more.
    Unknown,
    One((usize, Gf32)),
    Two((usize, Gf32), (usize, Gf32)),
}

impl Syndrome {
    const ZERO: Self = Self([Gf32::ZERO; 4]);

    /// (0, 0, 0, c).
    pub(super) const fn of_kind(c: u8) -> Self {
        Self([Gf32::ZERO, Gf32::ZERO, Gf32::ZERO, Gf32::new(c)])
    }

    pub(super) fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    pub(super) const fn add(self, other: Self) -> Self {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, other.0);
        Self([a0.add(b0), a1.add(b1), a2.add(b2), a3.add(b3)])
    }

    const fn times(self, factor: Gf32) -> Self {
        let [a, b, c, d] = self.0;
        Self([a.mul(factor), b.mul(factor), c.mul(factor), d.mul(factor)])
    }
}

/// A position as a field element, and the multiplier of its column.
const fn point(position: usize) -> (Gf32, Gf32) {
    // Positions are 0 to 31: no line is longer.
    let i = (position & 31) as u8;
    (Gf32::new(i), Gf32::alpha_pow(i))
}

fn column(position: usize) -> Syndrome {
    let (x, multiplier) = point(position);
    Syndrome([Gf32::ONE, x, x.mul(x), x.mul(x).mul(x)]).times(multiplier)
}

/// The syndrome of a line of at most 32 symbols.
pub(super) fn syndrome(symbols: &[u8]) -> Syndrome {
    symbols
        .iter()
        .enumerate()
        .fold(Syndrome::ZERO, |sum, (position, symbol)| {
            sum.add(column(position).times(Gf32::new(*symbol)))
        })
}

/// The four symbols that, after `data` (at most 28 symbols), make the syndrome (0, 0, 0, c).
///
/// With T what the data leaves to be made up, and for each check position the polynomial
/// Π (x + x_m) over the other three, which is zero at those three: its coefficients times T leave
/// the wanted symbol alone.
pub(super) fn check_symbols(data: &[u8], c: u8) -> [u8; CHECK_CHARACTERS] {
    let [t0, t1, t2, t3] = syndrome(data).add(Syndrome::of_kind(c)).0;
    let at = |offset: usize| point(data.len() + offset);
    let solve = |own: usize, others: [usize; 3]| {
        let (x, multiplier) = at(own);
        let [p, q, r] = others.map(|offset| at(offset).0);
        let a2 = p.add(q).add(r);
        let a1 = p.mul(q).add(p.mul(r)).add(q.mul(r));
        let a0 = p.mul(q).mul(r);
        let sum = a0.mul(t0).add(a1.mul(t1)).add(a2.mul(t2)).add(t3);
        let scale = x.add(p).mul(x.add(q)).mul(x.add(r)).mul(multiplier);
        sum.mul(scale.inverse()).value()
    };
    [
        solve(0, [1, 2, 3]),
        solve(1, [0, 2, 3]),
        solve(2, [0, 1, 3]),
        solve(3, [0, 1, 2]),
    ]
}

/// The one or two wrong characters of a line of `length` symbols that make the difference
/// `found` + `wanted`. There is at most one such set, since any four columns are independent.
pub(super) fn locate(difference: Syndrome, length: usize) -> Located {
    for first in 0..length {
        if let Some(value) = multiple(difference, column(first)) {
            return Located::One((first, value));
        }
    }
    let [s0, s1, s2, s3] = difference.0;
    for first in 0..length {
        let (x, x_multiplier) = point(first);
        for second in first + 1..length {
            let (y, y_multiplier) = point(second);
            // The first two rows give both values, times their multipliers; the other two decide.
            let a = s0.mul(y).add(s1).mul(x.add(y).inverse());
            let b = s0.add(a);
            let (ax2, by2) = (a.mul(x).mul(x), b.mul(y).mul(y));
            if ax2.add(by2) == s2 && ax2.mul(x).add(by2.mul(y)) == s3 {
                let value = |scaled: Gf32, multiplier: Gf32| scaled.mul(multiplier.inverse());
                return Located::Two((first, value(a, x_multiplier)), (second, value(b, y_multiplier)));
            }
        }
    }
    Located::Unknown
}

/// What `column` must be multiplied with to give `sum`, if there is such a factor.
fn multiple(sum: Syndrome, column: Syndrome) -> Option<Gf32> {
    let ([s, ..], [c, ..]) = (sum.0, column.0);
    let factor = s.mul(c.inverse());
    (column.times(factor) == sum).then_some(factor)
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;
    use crate::code::base32;

    fn packed(s: Syndrome) -> usize {
        s.0.iter()
            .fold(0, |sum, element| sum << 5 | usize::from(element.value()))
    }

    fn determinant(columns: [Syndrome; 4]) -> Gf32 {
        // Leibniz; signs do not matter in characteristic 2.
        let mut sum = Gf32::ZERO;
        for a in 0..4 {
            for b in (0..4).filter(|b| *b != a) {
                for c in (0..4).filter(|c| ![a, b].contains(c)) {
                    let d = 6 - a - b - c;
                    let rows = [a, b, c, d];
                    sum = sum.add((0..4).fold(Gf32::ONE, |p, k| p.mul(columns[k].0[rows[k]])));
                }
            }
        }
        sum
    }

    #[test]
    fn any_four_columns_are_independent() {
        let columns: Vec<Syndrome> = (0..32).map(column).collect();
        let mut sets = 0;
        for a in 0..32 {
            for b in a + 1..32 {
                for c in b + 1..32 {
                    for d in c + 1..32 {
                        let set = [columns[a], columns[b], columns[c], columns[d]];
                        assert_ne!(determinant(set), Gf32::ZERO, "{a} {b} {c} {d}");
                        sets += 1;
                    }
                }
            }
        }
        assert_eq!(sets, 35_960);
    }

    #[test]
    fn syndromes_by_the_fewest_wrong_characters() {
        let columns: Vec<Syndrome> = (0..32).map(column).collect();
        let values = || (1..32).map(Gf32::new);
        let mut weight = vec![9u8; 1 << 20];
        weight[0] = 0;
        let mut mark = |weight_of: u8, s: Syndrome| {
            // Scaling a set of errors scales its syndrome.
            if weight[packed(s)] > weight_of {
                values().for_each(|v| weight[packed(s.times(v))] = weight_of);
            }
        };
        columns.iter().for_each(|c| mark(1, *c));
        for a in 0..32 {
            for b in a + 1..32 {
                values().for_each(|v| mark(2, columns[a].add(columns[b].times(v))));
            }
        }
        let multiples: Vec<Vec<Syndrome>> = columns
            .iter()
            .map(|c| values().map(|v| c.times(v)).collect())
            .collect();
        for (a, first) in columns.iter().enumerate() {
            for b in a + 1..32 {
                for c in b + 1..32 {
                    for second in &multiples[b] {
                        let two = first.add(*second);
                        multiples[c].iter().for_each(|third| mark(3, two.add(*third)));
                    }
                }
            }
        }
        let count = |wanted| weight.iter().filter(|w| **w == wanted).count();
        assert_eq!(
            [count(0), count(1), count(2), count(3)],
            [1, 992, 476_656, 570_896]
        );
        // The rest needs four, as any four columns span everything: it is the (0, 0, 0, c), so
        // that lines of different kinds differ in at least four characters.
        let rest: Vec<usize> = (0..1 << 20).filter(|s| weight[*s] == 9).collect();
        assert_eq!(rest, (1..32).collect::<Vec<_>>());
    }

    #[test]
    fn every_one_and_two_wrong_characters_are_located() {
        for a in 0..32 {
            for v in (1..32).map(Gf32::new) {
                let one = column(a).times(v);
                assert_eq!(locate(one, 32), Located::One((a, v)));
                assert_eq!(locate(one, a + 1), Located::One((a, v)));
                if a > 4 {
                    // Past the end of a shorter line: not one wrong character of it.
                    assert!(!matches!(locate(one, a), Located::One(_)));
                }
            }
        }
        for a in 0..32 {
            for b in a + 1..32 {
                // One pair of values and its multiples stand for all: `locate` is linear.
                for v in (1..32).map(Gf32::new) {
                    let two = column(a).add(column(b).times(v));
                    assert_eq!(locate(two, 32), Located::Two((a, Gf32::ONE), (b, v)));
                }
            }
        }
        for c in 1..32 {
            assert_eq!(locate(Syndrome::of_kind(c), 32), Located::Unknown);
        }
    }

    #[test]
    fn check_symbols_make_the_kind_in_every_length() {
        for length in 1..=28usize {
            for c in 0..32 {
                let mut line: Vec<u8> = (0..length).map(|k| (k * 7 + usize::from(c)) as u8 & 31).collect();
                let check = check_symbols(&line, c);
                line.extend(check);
                assert_eq!(syndrome(&line), Syndrome::of_kind(c));
            }
        }
    }

    /// Why there are multipliers: without them this line passes forwards and backwards.
    #[test]
    fn without_multipliers_a_line_read_backwards_would_pass() {
        let plain = |symbols: &[u8]| {
            symbols
                .iter()
                .enumerate()
                .fold(Syndrome::ZERO, |sum, (i, symbol)| {
                    let x = Gf32::new(i as u8);
                    sum.add(Syndrome([Gf32::ONE, x, x.pow(2), x.pow(3)]).times(Gf32::new(*symbol)))
                })
        };
        let Ok(lines) = base32::read_lines("M9S3-46Q3-D25V-T4F5-V37E-3S3E-28JT-R967") else {
            panic!()
        };
        let line = base32::join(&lines);
        let backwards: Vec<u8> = line.iter().rev().copied().collect();
        let halves: Vec<u8> = line[16..].iter().chain(&line[..16]).copied().collect();
        for order in [line.as_slice(), &backwards, &halves] {
            assert_eq!(plain(order), Syndrome::of_kind(1));
        }
        assert_ne!(syndrome(&line), syndrome(&backwards));
        assert_ne!(syndrome(&line), syndrome(&halves));
    }
}
