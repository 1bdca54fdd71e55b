//! The whole of a map, leaf by leaf.

use super::node::Child;
use super::{Digest, Map, MapError, MapKey, MapNodes, Prefix};

/// What a walk comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walked {
    /// A row: its place, and the hash of its bytes.
    Leaf(MapKey, Digest),
    /// The node here is missing or another one. The walk goes on beside it, so what is below it is not known.
    Broken(Prefix),
}

impl<N: MapNodes> Map<'_, N> {
    /// Goes through the map in the order of its keys; each node is compared with the hash that its parent has of it.
    /// `wanted` says of the prefix of a node below the root whether to look below it.
    ///
    /// # Errors
    /// When the store could not be read.
    pub fn walk(
        &self,
        wanted: &dyn Fn(&Prefix) -> bool,
        visit: &mut dyn FnMut(Walked),
    ) -> Result<(), N::Error> {
        self.below(Prefix::default(), &self.root, wanted, visit)
    }

    fn below(
        &self,
        prefix: Prefix,
        hash: &Digest,
        wanted: &dyn Fn(&Prefix) -> bool,
        visit: &mut dyn FnMut(Walked),
    ) -> Result<(), N::Error> {
        let node = match self.read(&prefix, hash) {
            Ok(node) => node,
            Err(MapError::Broken { prefix }) => {
                visit(Walked::Broken(prefix));
                return Ok(());
            }
            Err(MapError::Store(error)) => return Err(error),
        };
        for at in 0..16 {
            match node.child(at) {
                None => {}
                Some(Child::Leaf(key, row)) => visit(Walked::Leaf(*key, *row)),
                Some(Child::Inner(hash)) => {
                    let child = prefix.child(at);
                    if wanted(&child) {
                        self.below(child, hash, wanted, visit)?;
                    }
                }
            }
        }
        Ok(())
    }
}
