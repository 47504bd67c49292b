//! A call that panics is a fault of ours: its caller gets an answer, and the log says where it was. What a panic says
//! goes nowhere, since it may quote a body or a record. Must not know what was asked.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};

thread_local! {
    /// Whether this thread is within a call.
    static WITHIN: Cell<bool> = const { Cell::new(false) };
    /// Where the call panicked, from the hook to whoever catches it.
    static PLACE: RefCell<Option<Panicked>> = const { RefCell::new(None) };
}

/// Where a call panicked.
#[derive(Debug, Default)]
pub(crate) struct Panicked {
    /// `file:line:column`; empty where it is not known.
    pub place: String,
    /// The way there, where `RUST_BACKTRACE` asks for it.
    pub backtrace: String,
}

/// From now on panics within a call are kept for whoever catches them, and are not printed. All others are, as before.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !WITHIN.get() {
                return before(panic);
            }
            let backtrace = Backtrace::capture();
            let told = backtrace.status() == BacktraceStatus::Captured;
            let panicked = Panicked {
                place: panic
                    .location()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                backtrace: if told {
                    backtrace.to_string()
                } else {
                    String::new()
                },
            };
            PLACE.with_borrow_mut(|place| *place = Some(panicked));
        }));
    });
}

/// A future whose panic is a value. What it held is dropped on the way, locks and turns among it; none of the locks
/// that the server uses is poisoned by that, and a write that was not yet handed to the store never was.
pub(crate) struct Caught<F>(pub F);

impl<F: Future + Unpin> Future for Caught<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let before = WITHIN.replace(true);
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.0).poll(context)));
        WITHIN.set(before);
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(_) => Poll::Ready(Err(PLACE.take().unwrap_or_default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Caught, watch};
    use std::pin::pin;

    #[tokio::test]
    async fn a_panic_is_a_value_with_its_place_and_without_its_words() {
        watch();
        let panics = async {
            tokio::task::yield_now().await;
            panic!("a secret")
        };
        let caught: Result<(), _> = Caught(pin!(panics)).await;
        let Err(panicked) = caught else {
            panic!("nothing was caught");
        };
        assert!(panicked.place.contains("panics.rs:"), "{}", panicked.place);
        assert!(!format!("{panicked:?}").contains("a secret"));
        let fine = Caught(pin!(async { 7 })).await;
        assert_eq!(fine.ok(), Some(7), "the next one on this thread");
    }
}
