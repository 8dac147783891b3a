//! Maps and sets that mostly hold next to nothing: a sorted list, and a tree beyond a few entries.
//!
//! A rule keeps a handful of devices, sessions and calls in mind, and there are some hundred such
//! maps in every run that is judged. Looking through a list in one piece costs less than a tree,
//! and so does giving it back; a crowd of thousands needs the tree. Both are in the order of keys.

use std::borrow::Borrow;
use std::collections::{BTreeMap, btree_map};
use std::iter::Chain;
use std::vec;

/// The most entries of a list.
const MOST: usize = 24;

/// A map.
#[derive(Debug, Clone)]
pub(super) struct Map<K, V> {
    /// Empty when there are many.
    few: Vec<(K, V)>,
    /// Empty unless there were too many at some time.
    many: BTreeMap<K, V>,
}

/// A set.
#[derive(Debug, Clone)]
pub(super) struct Set<K>(Map<K, ()>);

impl<K, V> Default for Map<K, V> {
    fn default() -> Map<K, V> {
        Map {
            few: Vec::new(),
            many: BTreeMap::new(),
        }
    }
}

impl<K: Ord, V> Map<K, V> {
    fn at<Q: Ord + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.few.iter().position(|(known, _)| known.borrow() == key)
    }

    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        match self.many.is_empty() {
            true => self.at(key).map(|at| &self.few[at].1),
            false => self.many.get(key),
        }
    }

    pub(super) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        match self.many.is_empty() {
            true => self.at(key).map(|at| &mut self.few[at].1),
            false => self.many.get_mut(key),
        }
    }

    pub(super) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// What there is under this key, from now on if there was nothing. The key is copied only then.
    pub(super) fn or_insert<Q>(&mut self, key: &Q, value: impl FnOnce() -> V) -> &mut V
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        if self.many.is_empty() {
            let at = match self.at(key) {
                Some(at) => at,
                None if self.few.len() < MOST => self.add(key.to_owned(), value()),
                None => {
                    self.many.extend(self.few.drain(..));
                    return self.many.entry(key.to_owned()).or_insert_with(value);
                }
            };
            return &mut self.few[at].1;
        }
        self.many.entry(key.to_owned()).or_insert_with(value)
    }

    pub(super) fn or_default<Q>(&mut self, key: &Q) -> &mut V
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
        V: Default,
    {
        self.or_insert(key, V::default)
    }

    /// Adds to the list what is not there.
    fn add(&mut self, key: K, value: V) -> usize {
        let at = self.few.partition_point(|(known, _)| *known < key);
        self.few.insert(at, (key, value));
        at
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        if self.many.is_empty() {
            if let Some(at) = self.at(&key) {
                return Some(std::mem::replace(&mut self.few[at].1, value));
            }
            if self.few.len() < MOST {
                self.add(key, value);
                return None;
            }
            self.many.extend(self.few.drain(..));
        }
        self.many.insert(key, value)
    }

    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        match self.many.is_empty() {
            true => self.at(key).map(|at| self.few.remove(at).1),
            false => self.many.remove(key),
        }
    }

    pub(super) fn pop_first(&mut self) -> Option<(K, V)> {
        match self.few.is_empty() {
            true => self.many.pop_first(),
            false => Some(self.few.remove(0)),
        }
    }

    pub(super) fn retain(&mut self, mut keeps: impl FnMut(&K, &mut V) -> bool) {
        self.few.retain_mut(|(key, value)| keeps(key, value));
        self.many.retain(keeps);
    }

    pub(super) fn clear(&mut self) {
        self.few.clear();
        self.many.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.few.is_empty() && self.many.is_empty()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        let few = self.few.iter().map(|(key, value)| (key, value));
        few.chain(&self.many)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        let few = self.few.iter_mut().map(|(key, value)| (&*key, value));
        few.chain(&mut self.many)
    }

    pub(super) fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    pub(super) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, value)| value)
    }
}

impl<K: Ord, V> From<(K, V)> for Map<K, V> {
    fn from(only: (K, V)) -> Map<K, V> {
        Map {
            few: vec![only],
            many: BTreeMap::new(),
        }
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = Chain<vec::IntoIter<(K, V)>, btree_map::IntoIter<K, V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.few.into_iter().chain(self.many)
    }
}

impl<K> Default for Set<K> {
    fn default() -> Set<K> {
        Set(Map::default())
    }
}

impl<K: Ord> Set<K> {
    pub(super) fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    /// Is it new?
    pub(super) fn insert(&mut self, key: K) -> bool {
        self.0.insert(key, ()).is_none()
    }

    /// Was it there?
    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.remove(key).is_some()
    }

    pub(super) fn first(&self) -> Option<&K> {
        self.iter().next()
    }

    pub(super) fn pop_first(&mut self) -> Option<K> {
        self.0.pop_first().map(|(key, ())| key)
    }

    pub(super) fn retain(&mut self, mut keeps: impl FnMut(&K) -> bool) {
        self.0.retain(|key, ()| keeps(key));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.0.keys()
    }
}

impl<K: Ord> From<K> for Set<K> {
    fn from(only: K) -> Set<K> {
        Set(Map::from((only, ())))
    }
}

impl<K> IntoIterator for Set<K> {
    type Item = K;
    type IntoIter = std::iter::Map<<Map<K, ()> as IntoIterator>::IntoIter, fn((K, ())) -> K>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(|(key, ())| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Few and many are alike, and what was many is few again.
    #[test]
    fn it_is_what_a_tree_is() {
        let mut tree = BTreeMap::new();
        let mut map = Map::default();
        for step in 0_u32..400 {
            // Grows to 40, and shrinks to nothing.
            let key = (step * 37) % 40;
            match step / 100 % 2 {
                0 => assert_eq!(map.insert(key, step), tree.insert(key, step)),
                _ => assert_eq!(map.remove(&key), tree.remove(&key)),
            }
            assert!(map.iter().eq(&tree));
            assert!(map.iter().rev().eq(tree.iter().rev()));
            assert_eq!(map.get(&key), tree.get(&key));
            assert_eq!((map.len(), map.is_empty()), (tree.len(), tree.is_empty()));
        }
        for key in 0..40 {
            assert_eq!(map.or_insert(&key, || 7), tree.entry(key).or_insert(7));
        }
        map.retain(|key, _| key % 3 == 0);
        tree.retain(|key, _| key % 3 == 0);
        assert!(map.clone().into_iter().eq(tree.clone()));
        while let Some(first) = tree.pop_first() {
            assert_eq!(map.pop_first(), Some(first));
        }
        assert_eq!(map.pop_first(), None);
    }
}
