//! A call that panics is a fault of ours: its caller gets an answer, and the log says where it was. A task of the
//! server's own that panics begins anew. What a panic says goes nowhere, since it may quote a body or a record. Must not
//! know what was asked.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;

/// Before a task begins anew, so that one that panics at once does not fill the log.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 1000 });
/// Threads below the server that catch their own panics, of which they keep the words all the same.
const BELOW: [&str; 1] = ["store-writer"];

thread_local! {
    /// Whether this thread is within a call.
    static WITHIN: Cell<bool> = const { Cell::new(false) };
    /// Where the call panicked, from the hook to whoever catches it.
    static PLACE: RefCell<Option<Panicked>> = const { RefCell::new(None) };
}

/// Where a call panicked.
#[derive(Debug, Default)]
pub struct Panicked {
    /// `file:line:column`; empty where it is not known.
    pub place: String,
    /// The way there, where `RUST_BACKTRACE` asks for it.
    pub backtrace: String,
}

impl Panicked {
    /// In the log, by the name of what panicked and goes on.
    pub fn tell(&self, task: &str) {
        tracing::error!(
            task,
            place = self.place,
            backtrace = self.backtrace,
            "a task of the server's own panicked and goes on; please report the place"
        );
    }
}

/// Runs a task until it ends by itself. Where it panics, the log says so by its name, and it begins anew.
pub async fn steady<F: Future<Output = ()>>(
    task: &str,
    mut stopped: watch::Receiver<bool>,
    begin: impl Fn() -> F,
) {
    while let Err(panicked) = Caught(Box::pin(begin())).await {
        panicked.tell(task);
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// From now on panics within a call are kept for whoever catches them, and are not printed. All others are, as before.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            let thread = std::thread::current();
            let below = thread.name().filter(|name| BELOW.contains(name));
            if !WITHIN.get() && below.is_none() {
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
            if let Some(thread) = below {
                return panicked.tell(thread);
            }
            PLACE.with_borrow_mut(|place| *place = Some(panicked));
        }));
    });
}

/// A future whose panic is a value. What it held is dropped on the way, locks and turns among it; none of the locks
/// that the server uses is poisoned by that, and a write that was not yet handed to the store never was.
pub struct Caught<F>(pub F);

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
    use super::{Caught, steady, watch};
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};

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

    #[tokio::test]
    async fn a_task_that_panics_begins_anew_until_it_ends_or_is_stopped() {
        watch();
        let begun = AtomicUsize::new(0);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let at_third = async || {
            tokio::task::yield_now().await;
            assert!(begun.fetch_add(1, Ordering::Relaxed) == 2, "a secret");
        };
        steady("a task", stopped.clone(), at_third).await;
        assert_eq!(begun.load(Ordering::Relaxed), 3);
        let always = async || {
            if begun.fetch_add(1, Ordering::Relaxed) == 5 {
                stop.send_replace(true);
            }
            panic!("a secret")
        };
        steady("a task", stopped, always).await;
        assert_eq!(
            begun.load(Ordering::Relaxed),
            6,
            "stopped, it does not begin again"
        );
    }
}
