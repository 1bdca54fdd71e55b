//! An authenticated map: one root stands for all rows that a decision may read, so that a row which was changed,
//! set back, removed or added by hand is refused when it is read.
//!
//! It is a trie over SHA-256 of table and key, sixteen ways at each node, in which a subtree of one row is that
//! row's leaf. So its form, and its root, depend on what is in it alone, not on the order in which it came in.
//! A [`MapNodes`] keeps the nodes' bytes and is trusted with nothing: each node is compared with the hash that its
//! parent has of it. The bytes are described at [`MapKey::new`], `Node::to_bytes` and `Node::hash`.

mod key;
mod node;
mod walk;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use key::nibble;
pub use key::{MapKey, Prefix};
use node::{Child, Node};
pub use walk::Walked;

/// The hash of a row's bytes, or of a node.
pub type Digest = [u8; 32];

/// Where the nodes lie.
pub trait MapNodes {
    /// Why a node could not be read.
    type Error;

    /// The bytes of the node at `prefix`, `None` where there is none.
    ///
    /// # Errors
    /// When the store could not be read.
    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// Why a row could not be looked up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError<E> {
    /// A node is missing, is none, or is not the one that the root stands for: somebody changed the store.
    #[error("a node of the map is not the one that its root stands for")]
    Broken {
        /// Which.
        prefix: Prefix,
    },
    /// The store could not be read.
    #[error("{0}")]
    Store(E),
}

/// A map at a root, and what was changed since.
pub struct Map<'a, N: MapNodes> {
    nodes: &'a N,
    root: Digest,
    /// What is to be written: `None` takes the node away.
    changed: BTreeMap<Prefix, Option<Node>>,
}

impl<'a, N: MapNodes> Map<'a, N> {
    /// The root of a map without rows.
    #[must_use]
    pub fn empty_root() -> Digest {
        Node::default().hash()
    }

    /// The map whose root is `root`.
    #[must_use]
    pub const fn at(nodes: &'a N, root: Digest) -> Self {
        Self {
            nodes,
            root,
            changed: BTreeMap::new(),
        }
    }

    /// The root, with all changes.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// The hash of the row at `key`; `None` where the map has none, which is as sure as a hash.
    ///
    /// # Errors
    /// [`MapError`].
    pub fn get(&self, key: &MapKey) -> Result<Option<Digest>, MapError<N::Error>> {
        let (mut prefix, mut hash) = (Prefix::default(), self.root);
        loop {
            let node = self.read(&prefix, &hash)?;
            match node.child(nibble(key, prefix.len())) {
                None => return Ok(None),
                Some(Child::Leaf(leaf, row)) => return Ok((leaf == key).then_some(*row)),
                Some(Child::Inner(inner)) => hash = *inner,
            }
            prefix = prefix.child(nibble(key, prefix.len()));
        }
    }

    /// Sets the hash of the row at `key`, or takes the row out.
    ///
    /// # Errors
    /// [`MapError`]; nothing has changed then.
    pub fn set(&mut self, key: &MapKey, row: Option<Digest>) -> Result<(), MapError<N::Error>> {
        // The nodes from the root to where the row is or would be.
        let mut path = Vec::new();
        let (mut prefix, mut hash) = (Prefix::default(), self.root);
        loop {
            let node = self.read(&prefix, &hash)?;
            let inner = match node.child(nibble(key, prefix.len())) {
                Some(Child::Inner(inner)) => Some(*inner),
                _ => None,
            };
            path.push((prefix, node));
            let Some(inner) = inner else { break };
            hash = inner;
            prefix = prefix.child(nibble(key, prefix.len()));
        }
        let Some((prefix, last)) = path.last_mut() else {
            return Ok(());
        };
        let at = nibble(key, prefix.len());
        let below = match (last.child(at), row) {
            (Some(Child::Leaf(other, other_row)), Some(row)) if other != key => Some(Child::Inner(
                self.split(prefix.child(at), (*other, *other_row), (*key, row)),
            )),
            // Another row's leaf: the one to be taken out is not there.
            (Some(Child::Leaf(other, _)), None) if other != key => return Ok(()),
            (_, row) => row.map(|row| Child::Leaf(*key, row)),
        };
        last.put(at, below);
        self.write_up(path);
        Ok(())
    }

    /// The nodes that changed, in the order of their prefixes; `None` is one that is gone.
    pub fn into_changes(self) -> impl Iterator<Item = (Prefix, Option<Vec<u8>>)> {
        let changes = self.changed.into_iter();
        changes.map(|(prefix, node)| (prefix, node.map(|node| node.to_bytes())))
    }

    fn read(&self, prefix: &Prefix, hash: &Digest) -> Result<Node, MapError<N::Error>> {
        if let Some(Some(node)) = self.changed.get(prefix) {
            return Ok(node.clone());
        }
        if prefix.is_empty() && *hash == Self::empty_root() {
            return Ok(Node::default());
        }
        let broken = || MapError::Broken { prefix: *prefix };
        let bytes = self
            .nodes
            .node(prefix)
            .map_err(MapError::Store)?
            .ok_or_else(broken)?;
        let node = Node::from_bytes(&bytes).ok_or_else(broken)?;
        if node.hash() == *hash {
            Ok(node)
        } else {
            Err(broken())
        }
    }

    /// Nodes from `prefix` down to where two rows part; gives the hash of the first.
    fn split(&mut self, prefix: Prefix, one: (MapKey, Digest), other: (MapKey, Digest)) -> Digest {
        let (at, other_at) = (nibble(&one.0, prefix.len()), nibble(&other.0, prefix.len()));
        let mut node = Node::default();
        if at == other_at {
            let below = self.split(prefix.child(at), one, other);
            node.put(at, Some(Child::Inner(below)));
        } else {
            node.put(at, Some(Child::Leaf(one.0, one.1)));
            node.put(other_at, Some(Child::Leaf(other.0, other.1)));
        }
        let hash = node.hash();
        self.changed.insert(prefix, Some(node));
        hash
    }

    /// Writes a path whose last node changed, up to the root. A node below the root with one leaf alone is that
    /// leaf, in its parent.
    fn write_up(&mut self, mut path: Vec<(Prefix, Node)>) {
        while let Some((prefix, node)) = path.pop() {
            let Some((_, parent)) = path.last_mut() else {
                self.root = node.hash();
                let kept = (!node.is_empty()).then_some(node);
                self.changed.insert(prefix, kept);
                return;
            };
            let (child, kept) = match node.only_leaf() {
                Some((key, row)) => (Child::Leaf(key, row), None),
                None => (Child::Inner(node.hash()), Some(node)),
            };
            parent.put(prefix.last(), Some(child));
            self.changed.insert(prefix, kept);
        }
    }
}
