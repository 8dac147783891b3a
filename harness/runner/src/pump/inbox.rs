//! Inputs that do not come over a link.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Waker};

use session::peer::Input;

/// Calls, orders and news of the network for one peer; both ends hold a clone.
#[derive(Clone, Default)]
pub struct Inbox(Rc<RefCell<Queue>>);

#[derive(Default)]
struct Queue {
    inputs: VecDeque<Input>,
    reader: Option<Waker>,
}

impl Inbox {
    /// An empty one.
    pub fn new() -> Inbox {
        Inbox::default()
    }

    /// Puts an input in; the pump at the other end handles it when it is polled next.
    pub fn put(&self, input: Input) {
        self.change(|inputs| inputs.push_back(input));
    }

    /// Puts an input before all others.
    pub fn put_first(&self, input: Input) {
        self.change(|inputs| inputs.push_front(input));
    }

    fn change(&self, change: impl FnOnce(&mut VecDeque<Input>)) {
        let reader = {
            let mut queue = self.0.borrow_mut();
            change(&mut queue.inputs);
            queue.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Takes the oldest input out, or remembers whom to wake.
    pub(super) fn take(&self, cx: &Context<'_>) -> Option<Input> {
        let mut queue = self.0.borrow_mut();
        let input = queue.inputs.pop_front();
        if input.is_none()
            && !queue
                .reader
                .as_ref()
                .is_some_and(|r| r.will_wake(cx.waker()))
        {
            queue.reader = Some(cx.waker().clone());
        }
        input
    }
}
