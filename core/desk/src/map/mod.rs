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

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

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
///
/// Each node is read and compared once, and hashed once however often it is changed: what is below the root is as the
/// transaction found it, so nobody else changes it meanwhile.
pub struct Map<'a, N: MapNodes> {
    nodes: &'a N,
    /// Without the changes of nodes in `stale`.
    root: Digest,
    /// Nodes that are those which the root stands for.
    read: RefCell<BTreeMap<Prefix, Rc<Node>>>,
    /// What is to be written: `None` takes the node away. With a node all those above it are here.
    changed: BTreeMap<Prefix, Option<Box<Node>>>,
    /// Nodes that changed since their parents were told their hashes.
    stale: BTreeSet<Prefix>,
}

/// What a place has until the node below it is hashed.
const TO_BE_HASHED: Child = Child::Inner([0; 32]);

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
            read: RefCell::new(BTreeMap::new()),
            changed: BTreeMap::new(),
            stale: BTreeSet::new(),
        }
    }

    /// The root, with all changes.
    #[must_use]
    pub fn root(&mut self) -> Digest {
        // In their order each node stands before those below it.
        while let Some(prefix) = self.stale.pop_last() {
            let hash = match self.changed.get(&prefix) {
                Some(Some(node)) => node.hash(),
                _ if prefix.is_empty() => Self::empty_root(),
                // It went, and its parent has what was left of it.
                _ => continue,
            };
            match prefix.parent() {
                None => self.root = hash,
                Some(parent) => {
                    if let Some(Some(node)) = self.changed.get_mut(&parent) {
                        node.put(prefix.last(), Some(Child::Inner(hash)));
                    }
                }
            }
        }
        self.root
    }

    /// The hash of the row at `key`; `None` where the map has none, which is as sure as a hash.
    ///
    /// # Errors
    /// [`MapError`].
    pub fn get(&self, key: &MapKey) -> Result<Option<Digest>, MapError<N::Error>> {
        let (mut prefix, mut hash) = (Prefix::default(), self.root);
        loop {
            let child = self.child(&prefix, &hash, nibble(key, prefix.len()))?;
            match child {
                None => return Ok(None),
                Some(Child::Leaf(leaf, row)) => return Ok((leaf == *key).then_some(row)),
                Some(Child::Inner(inner)) => hash = inner,
            }
            prefix = prefix.child(nibble(key, prefix.len()));
        }
    }

    /// Sets the hash of the row at `key`, or takes the row out.
    ///
    /// # Errors
    /// [`MapError`]; nothing has changed then.
    pub fn set(&mut self, key: &MapKey, row: Option<Digest>) -> Result<(), MapError<N::Error>> {
        // Down to the node where the row is or would be.
        let (mut prefix, mut hash) = (Prefix::default(), self.root);
        let there = loop {
            let child = self.child(&prefix, &hash, nibble(key, prefix.len()))?;
            let Some(Child::Inner(inner)) = child else {
                break child;
            };
            hash = inner;
            prefix = prefix.child(nibble(key, prefix.len()));
        };
        let at = nibble(key, prefix.len());
        let below = match (there, row) {
            (Some(Child::Leaf(other, other_row)), Some(row)) if other != *key => {
                self.split(prefix.child(at), (other, other_row), (*key, row));
                Some(TO_BE_HASHED)
            }
            // Another row's leaf: the one to be taken out is not there.
            (Some(Child::Leaf(other, _)), None) if other != *key => return Ok(()),
            (_, row) => row.map(|row| Child::Leaf(*key, row)),
        };
        self.put(prefix, at, below);
        Ok(())
    }

    /// The nodes that changed, in the order of their prefixes; `None` is one that is gone.
    pub fn into_changes(mut self) -> impl Iterator<Item = (Prefix, Option<Vec<u8>>)> {
        let _ = self.root();
        let changes = self.changed.into_iter();
        changes.map(|(prefix, node)| (prefix, node.map(|node| node.to_bytes())))
    }

    /// What stands at a place of the node at `prefix`, which is the one with this hash unless it was changed.
    fn child(&self, prefix: &Prefix, hash: &Digest, at: u8) -> Result<Option<Child>, MapError<N::Error>> {
        match self.changed.get(prefix) {
            Some(node) => Ok(node.as_ref().and_then(|node| node.child(at)).copied()),
            None => Ok(self.read(prefix, hash)?.child(at).copied()),
        }
    }

    fn read(&self, prefix: &Prefix, hash: &Digest) -> Result<Rc<Node>, MapError<N::Error>> {
        if let Some(node) = self.read.borrow().get(prefix) {
            return Ok(Rc::clone(node));
        }
        let node = if prefix.is_empty() && *hash == Self::empty_root() {
            Node::default()
        } else {
            let broken = || MapError::Broken { prefix: *prefix };
            let bytes = self.nodes.node(prefix).map_err(MapError::Store)?;
            let node = Node::from_bytes(&bytes.ok_or_else(broken)?).ok_or_else(broken)?;
            if node.hash() != *hash {
                return Err(broken());
            }
            node
        };
        let node = Rc::new(node);
        self.read.borrow_mut().insert(*prefix, Rc::clone(&node));
        Ok(node)
    }

    /// Nodes from `prefix` down to where two rows part.
    fn split(&mut self, prefix: Prefix, one: (MapKey, Digest), other: (MapKey, Digest)) {
        let (at, other_at) = (nibble(&one.0, prefix.len()), nibble(&other.0, prefix.len()));
        let mut node = Node::default();
        if at == other_at {
            self.split(prefix.child(at), one, other);
            node.put(at, Some(TO_BE_HASHED));
        } else {
            node.put(at, Some(Child::Leaf(one.0, one.1)));
            node.put(other_at, Some(Child::Leaf(other.0, other.1)));
        }
        self.changed.insert(prefix, Some(Box::new(node)));
        self.stale.insert(prefix);
    }

    /// Puts something at a place of a node, and makes the nodes above it change with it. A node below the root with one
    /// leaf alone is that leaf, in its parent.
    fn put(&mut self, mut prefix: Prefix, mut at: u8, mut child: Option<Child>) {
        loop {
            let node = self.changing(prefix);
            node.put(at, child);
            let left = node.only_leaf();
            let empty = node.is_empty();
            self.stale.insert(prefix);
            let Some(parent) = prefix.parent() else {
                if empty {
                    self.changed.insert(prefix, None);
                }
                return;
            };
            (at, child) = match left {
                Some((key, row)) => {
                    self.changed.insert(prefix, None);
                    (prefix.last(), Some(Child::Leaf(key, row)))
                }
                None => (prefix.last(), Some(TO_BE_HASHED)),
            };
            prefix = parent;
        }
    }

    /// The node at `prefix`, which was read on the way to here, to be changed.
    fn changing(&mut self, prefix: Prefix) -> &mut Node {
        let read = self.read.get_mut();
        let node = self.changed.entry(prefix).or_insert_with(|| {
            let node = read.remove(&prefix);
            Some(Box::new(node.map(Rc::unwrap_or_clone).unwrap_or_default()))
        });
        node.get_or_insert_default()
    }
}
