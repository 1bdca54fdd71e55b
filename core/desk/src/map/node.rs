//! A node: sixteen places, each with nothing, a row's leaf, or the hash of the node below.

use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::{Digest, MapKey};

const LABEL: &[u8] = b"fido-unlock/1 map node\0";

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Child {
    /// A row: its key and the hash of its bytes.
    Leaf(MapKey, Digest),
    /// A node with at least two rows below it, by its hash.
    Inner(Digest),
}

/// Sixteen places.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Node([Option<Child>; 16]);

impl Node {
    pub(super) fn child(&self, at: u8) -> Option<&Child> {
        self.0.get(usize::from(at)).and_then(Option::as_ref)
    }

    pub(super) fn put(&mut self, at: u8, child: Option<Child>) {
        if let Some(place) = self.0.get_mut(usize::from(at)) {
            *place = child;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// The leaf, where there is nothing else.
    pub(super) fn only_leaf(&self) -> Option<(MapKey, Digest)> {
        let mut there = self.0.iter().flatten();
        match (there.next(), there.next()) {
            (Some(Child::Leaf(key, row)), None) => Some((*key, *row)),
            _ => None,
        }
    }

    /// SHA-256("fido-unlock/1 map node" ‖ 00 ‖ the node's bytes).
    pub(super) fn hash(&self) -> Digest {
        let hash = Sha256::new().chain_update(LABEL).chain_update(self.to_bytes());
        hash.finalize().into()
    }

    /// Places with leaves (2 bytes, bit n for place n) ‖ places with nodes (2 bytes) ‖ in the order of the places:
    /// key ‖ row's hash for a leaf, the hash for a node.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let (mut leaves, mut inner, mut rest) = (0_u16, 0_u16, Vec::new());
        for (at, child) in self.0.iter().enumerate() {
            match child {
                None => {}
                Some(Child::Leaf(key, row)) => {
                    leaves |= 1 << at;
                    rest.extend_from_slice(&key.0);
                    rest.extend_from_slice(row);
                }
                Some(Child::Inner(hash)) => {
                    inner |= 1 << at;
                    rest.extend_from_slice(hash);
                }
            }
        }
        [&leaves.to_be_bytes()[..], &inner.to_be_bytes(), &rest].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (leaves, rest) = bytes.split_first_chunk()?;
        let (inner, rest) = rest.split_first_chunk()?;
        let (leaves, inner) = (u16::from_be_bytes(*leaves), u16::from_be_bytes(*inner));
        let (mut rest, odd) = rest.as_chunks::<32>();
        if leaves & inner != 0 || !odd.is_empty() {
            return None;
        }
        let mut node = Self::default();
        for at in 0..16 {
            let child = if leaves >> at & 1 == 1 {
                let [key, row, left @ ..] = rest else { return None };
                rest = left;
                Child::Leaf(MapKey(*key), *row)
            } else if inner >> at & 1 == 1 {
                let [hash, left @ ..] = rest else { return None };
                rest = left;
                Child::Inner(*hash)
            } else {
                continue;
            };
            node.put(at, Some(child));
        }
        rest.is_empty().then_some(node)
    }
}
