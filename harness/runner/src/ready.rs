//! Who asked to be polled, in a fixed order.

use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// The result of something that never waits, though it is written as if it could.
pub(crate) fn at_once<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// The keys whose wakers were called, handed out lowest first.
///
/// Polling only these keeps a server with a thousand links cheap; handing them out in the order
/// of their keys, and not of their wakes, keeps a run repeatable.
pub(crate) struct Ready<K> {
    inner: Mutex<Inner<K>>,
}

struct Inner<K> {
    /// In descending order, so that the lowest is popped from the end.
    keys: Vec<K>,
    /// Whoever polls the whole set.
    owner: Option<Waker>,
}

impl<K: Ord + Copy + Send + Sync + 'static> Ready<K> {
    pub(crate) fn new() -> Arc<Ready<K>> {
        Arc::new(Ready {
            inner: Mutex::new(Inner {
                keys: Vec::new(),
                owner: None,
            }),
        })
    }

    /// A waker that adds `key`.
    pub(crate) fn waker(self: &Arc<Self>, key: K) -> Waker {
        Waker::from(Arc::new(Token {
            key,
            set: Arc::clone(self),
        }))
    }

    /// From now on `owner` is woken when a key is added.
    pub(crate) fn owned_by(&self, owner: &Waker) {
        let mut inner = self.lock();
        match &mut inner.owner {
            Some(present) => present.clone_from(owner),
            empty => *empty = Some(owner.clone()),
        }
    }

    pub(crate) fn add(&self, key: K) {
        let owner = {
            let mut inner = self.lock();
            match inner.keys.binary_search_by(|k| key.cmp(k)) {
                Ok(_) => return,
                Err(place) => inner.keys.insert(place, key),
            }
            inner.owner.clone()
        };
        if let Some(owner) = owner {
            owner.wake();
        }
    }

    pub(crate) fn pop(&self) -> Option<K> {
        self.lock().keys.pop()
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K>> {
        // A list of keys is whole after every statement, whoever panicked.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Token<K> {
    key: K,
    set: Arc<Ready<K>>,
}

impl<K: Ord + Copy + Send + Sync + 'static> Wake for Token<K> {
    fn wake(self: Arc<Self>) {
        self.set.add(self.key);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.set.add(self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowest_first_and_each_once() {
        let ready = Ready::new();
        for key in [3, 1, 2, 1] {
            ready.waker(key).wake();
        }
        assert_eq!(
            std::iter::from_fn(|| ready.pop()).collect::<Vec<_>>(),
            [1, 2, 3]
        );
    }
}
