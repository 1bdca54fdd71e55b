//! What is derived from a row, as the row keeps it: its places in lists, and the numbers of its texts. With it they are
//! found again when the row changes; an index by row would be as many random pages again for each row that is written.

use std::collections::BTreeSet;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// List, part of it, and order there.
pub(crate) type Place = (u8, Vec<u8>, Vec<u8>);

/// For each place 1, list, and the part and the order, each behind its length (4 bytes, big-endian); for each text 2 and
/// its number (8 bytes, big-endian).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) places: BTreeSet<Place>,
    pub(crate) texts: BTreeSet<i64>,
}

const LONGEST: usize = 1 << 16;
const PLACE: u8 = 1;
const TEXT: u8 = 2;

impl Kept {
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.texts.is_empty()
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (list, group, order) in &self.places {
            out.extend([PLACE, *list]);
            for part in [group, order] {
                out.extend((part.len() as u32).to_be_bytes());
                out.extend(part);
            }
        }
        for id in &self.texts {
            out.push(TEXT);
            out.extend(id.to_be_bytes());
        }
        out
    }

    fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        // No row has so much; one that was changed by hand must not take long.
        if bytes.len() > LONGEST {
            return None;
        }
        let mut kept = Self::default();
        while let Some((tag, rest)) = bytes.split_first() {
            bytes = rest;
            match *tag {
                PLACE => {
                    let (list, rest) = bytes.split_first()?;
                    let (group, rest) = part(rest)?;
                    let (order, rest) = part(rest)?;
                    kept.places.insert((*list, group, order));
                    bytes = rest;
                }
                TEXT => {
                    let (id, rest) = bytes.split_first_chunk()?;
                    kept.texts.insert(i64::from_be_bytes(*id));
                    bytes = rest;
                }
                _ => return None,
            }
        }
        Some(kept)
    }
}

fn part(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (part, rest) = rest.split_at_checked(length)?;
    Some((part.to_vec(), rest))
}

impl ToSql for Kept {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(if self.is_empty() {
            ToSqlOutput::from(rusqlite::types::Null)
        } else {
            ToSqlOutput::from(self.to_bytes())
        })
    }
}

impl FromSql for Kept {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_bytes_or_null()? {
            None => Ok(Self::default()),
            Some(bytes) => Self::from_bytes(bytes).ok_or(FromSqlError::InvalidType),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_and_what_is_cut_does_not() {
        let kept = Kept {
            places: [
                (1, b"group".to_vec(), Vec::new()),
                (2, Vec::new(), b"order".to_vec()),
            ]
            .into(),
            texts: [i64::MIN, -1, 0, 7, i64::MAX].into(),
        };
        let bytes = kept.to_bytes();
        assert_eq!(Kept::from_bytes(&bytes), Some(kept));
        assert_eq!(Kept::from_bytes(b""), Some(Kept::default()));
        let whole = |end: &usize| Kept::from_bytes(&bytes[..*end]).is_some();
        // Between two of its seven parts, at the beginning and at the end.
        assert_eq!((0..=bytes.len()).filter(whole).count(), 8);
        assert_eq!(Kept::from_bytes(&[3]), None);
        assert_eq!(Kept::from_bytes(&[1, 1, 255, 255, 255, 255]), None);
    }

    /// A place costs a look each, wherever the row is read.
    #[test]
    fn what_is_longer_than_any_row_has_is_not_read() {
        let places = |count: u16| Kept {
            places: (0..count)
                .map(|number| (1, number.to_be_bytes().to_vec(), Vec::new()))
                .collect(),
            texts: BTreeSet::new(),
        };
        let (longest, longer) = (places(5461), places(5462));
        assert_eq!(longest.to_bytes().len(), LONGEST - 4);
        assert_eq!(Kept::from_bytes(&longest.to_bytes()), Some(longest));
        assert_eq!(Kept::from_bytes(&longer.to_bytes()), None);
    }
}
