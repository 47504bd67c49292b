//! Who is signed in: sessions, the lock on repeated failures, and what a session may show once. Knows no
//! page and no password.

use bitting_psa::secret::{Fingerprint, Secret, word};
use maud::{Markup, PreEscaped};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A session that nobody uses ends after this.
const IDLE: Duration = Duration::from_secs(2 * 60 * 60);
/// Every session ends after this.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// Sessions at a time; the one unused longest goes first.
const MOST: usize = 200;
/// Wrong passwords from one address before it has to wait.
const TRIES: u32 = 5;
/// How long it has to wait.
const WAIT: Duration = Duration::from_secs(5 * 60);
/// Addresses kept in mind.
const ADDRESSES: usize = 10_000;

/// One browser that is signed in.
pub struct Session {
    /// Must come with every form.
    pub csrf: String,
    began: Instant,
    used: Mutex<Instant>,
    said: Mutex<Option<String>>,
    /// A part of one page that is shown once: its address and its text.
    once: Mutex<Option<(String, Secret)>>,
}

/// All of them, by the fingerprint of their cookie.
#[derive(Default)]
pub struct Sessions {
    open: RwLock<HashMap<String, Arc<Session>>>,
    failures: Mutex<HashMap<IpAddr, (u32, Instant)>>,
}

impl Session {
    /// Something to tell on the next page.
    pub fn say(&self, text: impl Into<String>) {
        *self.said.lock() = Some(text.into());
    }

    pub fn said(&self) -> Option<String> {
        self.said.lock().take()
    }

    /// Keeps a part with a secret in it for the page at an address.
    pub fn show_once(&self, address: impl Into<String>, part: Markup) {
        *self.once.lock() = Some((address.into(), Secret::new(part.into_string())));
    }

    /// The part for the page at this address, and never again.
    pub fn shown_once(&self, address: &str) -> Option<Markup> {
        let mut once = self.once.lock();
        let (_, part) = once.take_if(|(known, _)| known == address)?;
        Some(PreEscaped(part.reveal().to_owned()))
    }
}

impl Sessions {
    /// Opens a session and answers what its cookie holds.
    pub fn open(&self, now: Instant) -> Secret {
        let token = Secret::new(format!("{}{}", word(), word()));
        let session = Session {
            csrf: format!("{}{}", word(), word()),
            began: now,
            used: Mutex::new(now),
            said: Mutex::new(None),
            once: Mutex::new(None),
        };
        let mut open = self.open.write();
        open.retain(|_, session| session.alive(now));
        if open.len() >= MOST {
            let oldest = open.iter().min_by_key(|(_, session)| *session.used.lock());
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                open.remove(&oldest);
            }
        }
        open.insert(token.fingerprint().to_hex(), Arc::new(session));
        token
    }

    /// The session of a cookie, while it lasts.
    pub fn find(&self, token: &str, now: Instant) -> Option<Arc<Session>> {
        let key = Fingerprint::of(token).to_hex();
        let session = self.open.read().get(&key).cloned()?;
        if !session.alive(now) {
            self.open.write().remove(&key);
            return None;
        }
        *session.used.lock() = now;
        Some(session)
    }

    /// Whether a cookie's session lasts; asking does not make it last longer.
    pub fn is_open(&self, token: &str, now: Instant) -> bool {
        let key = Fingerprint::of(token).to_hex();
        let open = self.open.read();
        open.get(&key).is_some_and(|session| session.alive(now))
    }

    pub fn close(&self, token: &str) {
        self.open.write().remove(&Fingerprint::of(token).to_hex());
    }

    /// Ends every session: the password has changed.
    pub fn close_all(&self) {
        self.open.write().clear();
    }

    /// How long this address has to wait before it may try another password.
    pub fn locked(&self, from: IpAddr, now: Instant) -> Option<Duration> {
        let failures = self.failures.lock();
        let (count, last) = failures.get(&place(from))?;
        let left = WAIT.checked_sub(now.saturating_duration_since(*last))?;
        (*count >= TRIES && !left.is_zero()).then_some(left)
    }

    pub fn failed(&self, from: IpAddr, now: Instant) {
        let mut failures = self.failures.lock();
        failures.retain(|_, (_, last)| now.saturating_duration_since(*last) < WAIT);
        if failures.len() >= ADDRESSES {
            return;
        }
        let (count, last) = failures.entry(place(from)).or_insert((0, now));
        *count += 1;
        *last = now;
    }

    pub fn succeeded(&self, from: IpAddr) {
        self.failures.lock().remove(&place(from));
    }
}

impl Session {
    fn alive(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) < LONGEST
            && now.saturating_duration_since(*self.used.lock()) < IDLE
    }
}

/// One household of IPv6 addresses counts as one address.
fn place(from: IpAddr) -> IpAddr {
    match from {
        IpAddr::V4(_) => from,
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            let household = IpAddr::from([a, b, c, d, 0, 0, 0, 0]);
            six.to_ipv4_mapped().map_or(household, IpAddr::V4)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{IDLE, LONGEST, MOST, Sessions, TRIES, WAIT};
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_session_ends_when_unused_and_in_any_case_later() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let token = sessions.open(start);
        let mut now = start;
        assert!(sessions.find("other", now).is_none());
        while now + IDLE < start + LONGEST {
            now += IDLE.saturating_sub(Duration::from_secs(1));
            assert!(sessions.find(token.reveal(), now).is_some());
        }
        assert!(sessions.find(token.reveal(), start + LONGEST).is_none());
        let token = sessions.open(start);
        assert!(sessions.find(token.reveal(), start + IDLE).is_none());
        assert!(sessions.find(token.reveal(), start).is_none(), "it is gone");
    }

    #[test]
    fn signing_out_ends_one_session_and_a_new_password_all() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let (one, two) = (sessions.open(now), sessions.open(now));
        sessions.close(one.reveal());
        assert!(sessions.find(one.reveal(), now).is_none());
        assert!(sessions.find(two.reveal(), now).is_some());
        sessions.close_all();
        assert!(sessions.find(two.reveal(), now).is_none());
        for _ in 0..MOST + 5 {
            sessions.open(now);
        }
        assert_eq!(sessions.open.read().len(), MOST);
    }

    #[test]
    fn an_address_that_fails_often_waits_and_others_do_not() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let other: IpAddr = "10.0.0.9".parse().expect("an address");
        for _ in 0..TRIES {
            assert!(sessions.locked(HERE, now).is_none());
            sessions.failed(HERE, now);
        }
        assert!(sessions.locked(HERE, now).is_some());
        assert!(sessions.locked(other, now).is_none());
        assert!(sessions.locked(HERE, now + WAIT).is_none());
        sessions.succeeded(HERE);
        assert!(sessions.locked(HERE, now).is_none());
    }

    #[test]
    fn what_is_shown_once_is_shown_at_its_address_and_never_again() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let token = sessions.open(now);
        let session = sessions.find(token.reveal(), now).expect("open");
        session.show_once("/keys", maud::html! { "hidden" });
        assert!(session.shown_once("/other").is_none());
        let shown = session.shown_once("/keys").expect("once");
        assert_eq!(shown.into_string(), "hidden");
        assert!(session.shown_once("/keys").is_none());
    }
}
