//! Whether the first records are there: calls wait for them, and are told when there will be none.

use super::Server;
use std::sync::Arc;
use tokio::sync::watch;

/// Where the laying down of the first records stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Coming,
    There,
    Failed,
}

pub(super) struct Doors(watch::Sender<State>);

impl Doors {
    /// Of a server whose records are there.
    pub fn open() -> Self {
        Self(watch::Sender::new(State::There))
    }

    pub fn is_open(&self) -> bool {
        *self.0.borrow() == State::There
    }

    /// Waits until it is known; false where there will be no records.
    pub async fn passed(&self) -> bool {
        let known = |state: &State| *state != State::Coming;
        let now = *self.0.borrow();
        if known(&now) {
            return now == State::There;
        }
        // The sender lives as long as the server.
        let found = self.0.subscribe().wait_for(known).await.map(|state| *state);
        matches!(found, Ok(State::There))
    }
}

impl Server {
    /// A server whose first records are still being laid down: calls wait until [`Server::open`].
    #[must_use]
    pub fn closed(self) -> Self {
        self.doors.0.send_replace(State::Coming);
        self
    }

    /// Lets calls through to the records. Until then they wait.
    pub fn open(&self) {
        self.doors.0.send_replace(State::There);
    }

    fn give_up(&self) {
        self.doors.0.send_if_modified(|state| {
            let waits = *state == State::Coming;
            if waits {
                *state = State::Failed;
            }
            waits
        });
    }
}

/// Held while the first records are laid down: a start that fails or is dropped before [`Server::open`] lets nobody
/// wait for ever.
pub struct Starting(pub Arc<Server>);

impl Drop for Starting {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

#[cfg(test)]
mod tests {
    use super::{Doors, State};
    use std::future::Future as _;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn who_waits_is_told_either_way() {
        for (end, passed) in [(State::There, true), (State::Failed, false)] {
            let doors = Doors::open();
            doors.0.send_replace(State::Coming);
            let mut waiting = std::pin::pin!(doors.passed());
            let mut context = Context::from_waker(Waker::noop());
            assert_eq!(waiting.as_mut().poll(&mut context), Poll::Pending);
            doors.0.send_replace(end);
            assert_eq!(waiting.as_mut().poll(&mut context), Poll::Ready(passed));
            assert_eq!(doors.is_open(), passed);
        }
    }
}
