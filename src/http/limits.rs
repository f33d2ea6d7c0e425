//! How much one client and one agency may ask in a minute, told in every answer.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::problem::Problem;
use super::problem_types::ProblemType;
use crate::domain::access::Caller;
use crate::domain::ids::{AgencyId, ClientId};

/// The window of every quota, in seconds.
const WINDOW: u32 = 60;

/// Reading and changing are counted apart, so that a client that reads too much can still raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Read,
    Change,
}

impl Kind {
    fn of(method: &Method) -> Self {
        if matches!(*method, Method::GET | Method::HEAD) { Self::Read } else { Self::Change }
    }
}

/// Requests a minute, of reading and of changing each; a whole minute's may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Of one registered client.
    pub client: NonZeroU32,
    /// Of all clients of one agency together.
    pub agency: NonZeroU32,
}

type Limiter<K, C> = RateLimiter<K, HashMapStateStore<K>, C, StateInformationMiddleware>;

/// Counts requests in this process: with several replicas each allows this much.
pub struct Limits<C: Clock = DefaultClock> {
    clients: Limiter<(ClientId, Kind), C>,
    agencies: Limiter<(AgencyId, Kind), C>,
    quotas: Quotas,
    clock: C,
}

/// What is left of both quotas after a request, for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    quotas: Quotas,
    client: u32,
    agency: Option<u32>,
}

impl Limits {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(quotas: Quotas) -> Self {
        Self::with_clock(quotas, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limits<C> {
    fn with_clock(quotas: Quotas, clock: C) -> Self {
        fn limiter<K: Hash + Eq + Clone, C: Clock>(quota: NonZeroU32, clock: C) -> Limiter<K, C> {
            RateLimiter::new(Quota::per_minute(quota), HashMapStateStore::default(), clock)
        }
        Self {
            clients: limiter(quotas.client, clock.clone()),
            agencies: limiter(quotas.agency, clock.clone()),
            quotas,
            clock,
        }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// `rate-limited`, with the seconds after which the next one is let in.
    pub fn count(&self, caller: &Caller, method: &Method) -> Result<Left, Problem> {
        let kind = Kind::of(method);
        let client = self.clients.check_key(&(caller.client, kind));
        let client = client.map_err(|not| self.refused(not.wait_time_from(self.clock.now())))?;
        let agency = caller.agency.map(|agency| self.agencies.check_key(&(agency, kind)));
        let agency = agency.transpose();
        let agency = agency.map_err(|not| self.refused(not.wait_time_from(self.clock.now())))?;
        Ok(Left {
            quotas: self.quotas,
            client: client.remaining_burst_capacity(),
            agency: agency.map(|left| left.remaining_burst_capacity()),
        })
    }

    fn refused(&self, wait: Duration) -> Problem {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let seconds = u32::try_from(seconds.max(1)).unwrap_or(WINDOW);
        let none = Left { quotas: self.quotas, client: 0, agency: None };
        let mut problem = Problem::new(ProblemType::RateLimited).retry_after(seconds);
        for (name, value) in none.headers() {
            problem = problem.header(name, value);
        }
        problem
    }
}

impl Left {
    /// `RateLimit-Policy` and `RateLimit` as the draft "RateLimit header fields for HTTP" (draft 11) has them: it is no RFC
    /// yet and may change.
    fn headers(self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let Quotas { client, agency } = self.quotas;
        let policy = format!("\"client\";q={client};w={WINDOW}, \"agency\";q={agency};w={WINDOW}");
        let mut state = part("client", self.client, client);
        if let Some(left) = self.agency {
            state = format!("{state}, {}", part("agency", left, agency));
        }
        [("ratelimit-policy", policy), ("ratelimit", state)].into_iter().filter_map(
            |(name, value)| {
                Some((HeaderName::from_static(name), HeaderValue::from_str(&value).ok()?))
            },
        )
    }

    /// Says it in the answer.
    pub fn tell(self, headers: &mut HeaderMap) {
        for (name, value) in self.headers() {
            headers.insert(name, value);
        }
    }
}

/// How many are left, and in how many seconds the whole quota is there again.
fn part(name: &str, left: u32, quota: NonZeroU32) -> String {
    let used = quota.get().saturating_sub(left);
    let seconds = (u64::from(used) * u64::from(WINDOW)).div_ceil(u64::from(quota.get()));
    format!("\"{name}\";r={left};t={seconds}")
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;
    use uuid::Uuid;

    use super::*;
    use crate::domain::access::Role;
    use crate::domain::ids::PartnershipId;

    fn caller(client: u128, agency: Option<u128>) -> Caller {
        Caller {
            partnership: PartnershipId(Uuid::nil()),
            agency: agency.map(|it| AgencyId(Uuid::from_u128(it))),
            predecessors: Vec::new(),
            role: if agency.is_some() { Role::Agency } else { Role::Director },
            client: ClientId(Uuid::from_u128(client)),
            subject: "somebody".to_owned(),
            call: None,
        }
    }

    fn limits() -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let quota = |it| NonZeroU32::new(it).unwrap();
        let quotas = Quotas { client: quota(6), agency: quota(9) };
        (Limits::with_clock(quotas, clock.clone()), clock)
    }

    fn said(left: Left) -> String {
        left.headers().nth(1).unwrap().1.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_minutes_worth_may_come_at_once_and_then_one_when_its_time_has_come() {
        let (limits, clock) = limits();
        let police = caller(1, Some(1));
        let first = limits.count(&police, &Method::POST).unwrap();
        assert_eq!(said(first), r#""client";r=5;t=10, "agency";r=8;t=7"#);
        for _ in 0..5 {
            limits.count(&police, &Method::POST).unwrap();
        }
        let refused = limits.count(&police, &Method::POST).unwrap_err();
        assert_eq!(refused.kind(), ProblemType::RateLimited);
        clock.advance(Duration::from_millis(9_900));
        assert!(limits.count(&police, &Method::POST).is_err());
        clock.advance(Duration::from_millis(100));
        assert!(limits.count(&police, &Method::POST).is_ok());
    }

    #[test]
    fn who_reads_too_much_can_still_raise() {
        let (limits, _) = limits();
        let police = caller(1, Some(1));
        for _ in 0..6 {
            limits.count(&police, &Method::GET).unwrap();
        }
        assert!(limits.count(&police, &Method::HEAD).is_err());
        assert!(limits.count(&police, &Method::PUT).is_ok());
    }

    #[test]
    fn one_agencys_clients_share_its_quota_and_take_nothing_from_others() {
        let (limits, _) = limits();
        for client in [1, 2] {
            for _ in 0..4 {
                limits.count(&caller(client, Some(1)), &Method::GET).unwrap();
            }
        }
        assert!(limits.count(&caller(3, Some(1)), &Method::GET).is_ok(), "the ninth");
        assert!(limits.count(&caller(3, Some(1)), &Method::GET).is_err(), "the tenth");
        assert!(limits.count(&caller(4, Some(2)), &Method::GET).is_ok());
        let director = limits.count(&caller(5, None), &Method::GET).unwrap();
        assert_eq!(said(director), r#""client";r=5;t=10"#);
    }
}
