//! Faults that a test asked for, on calls of the Autotask API: the same as ConnectWise's, in this vendor's words.

use super::answer::Trouble;
use super::tenant::{Caller, Level, Tenant};
use bitting_dialects::autotask::error::Refusal;
use bitting_policy::Level as Reach;
use bitting_psa::answer::Reply;
use bitting_psa::event::Event;
use bitting_psa::fault::{Faults, Kind, Target, action};
use std::sync::Arc;
use std::time::Duration;

/// What faults do to the answer of a call.
#[derive(Debug, Default)]
pub struct Struck {
    word: Option<&'static str>,
    wait: Option<u64>,
    cut: bool,
}

impl Struck {
    /// Lets the faults strike that fit a call: method and path below the version.
    pub async fn by(
        &mut self,
        faults: &Faults,
        tenant: &Tenant,
        caller: &mut Caller,
        (method, path): &(&str, String),
        event: &mut Event,
    ) -> Result<(), Trouble> {
        let user = caller.user.clone();
        let struck = faults.strike(Target {
            company: &tenant.faults(),
            key: &user,
            member: &user,
            method,
            path,
        });
        for kind in struck {
            event.fault(kind.word());
            match kind {
                Kind::Latency { milliseconds } => {
                    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                }
                Kind::Throttle { seconds } => {
                    self.word = Some("throttle");
                    self.wait = Some(seconds);
                    return Err(Refusal::hourly().into());
                }
                Kind::Error { status } => {
                    self.word = Some("error");
                    let mut refusal = Refusal::new("The operation has timed out.");
                    refusal.status = status;
                    return Err(refusal.into());
                }
                Kind::Truncate => self.cut = true,
                Kind::Withdraw { right } => without(tenant, caller, &right),
            }
        }
        Ok(())
    }

    /// The answer as it goes out.
    pub fn on(self, mut reply: Reply) -> Reply {
        if let Some(word) = self.word {
            reply = reply.with_fault(word);
        }
        if let Some(seconds) = self.wait {
            reply = reply.with_retry_after(seconds);
        }
        if self.cut { reply.cut_short() } else { reply }
    }
}

/// The caller as if its level did not have this setting.
fn without(tenant: &Tenant, caller: &mut Caller, right: &str) {
    let Some(action) = action(tenant.registry(), right) else {
        return;
    };
    let mut role = (*caller.role).clone();
    if role
        .set(tenant.registry(), action, [Reach::None; 4])
        .is_ok()
    {
        caller.role = Arc::new(role);
        caller.level = Arc::new(Level::of_role(&caller.level, caller.role.clone(), action));
    }
}
