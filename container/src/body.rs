//! Request bodies, collected whole: each within its limit and all within a budget.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use tower::BoxError;

use crate::refusal::Refusal;

/// A request body.
#[derive(Debug)]
pub(crate) struct Received<'a> {
    /// The whole body, or nothing if it was too large.
    pub(crate) body: Bytes,
    /// The size of a body that was too large, as far as it is known.
    pub(crate) undelivered: Option<u64>,
    /// Its part of the budget, given back when this is dropped.
    pub(crate) held: Held<'a>,
}

/// How many bytes may be held by all bodies, counted in KiB.
#[derive(Debug)]
pub(crate) struct Budget(Semaphore);

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        let permits = bytes.div_ceil(KIB).min(Semaphore::MAX_PERMITS);
        Self(Semaphore::new(permits))
    }

    /// Collects `body` if it has at most `limit` bytes, by `deadline`. Trailers are ignored.
    ///
    /// What comes is paid for as it comes: if bodies were paid for in advance, a few that are
    /// announced and never sent would take the whole budget.
    ///
    /// # Errors
    ///
    /// Returns what the client did not do, or that there was no room.
    pub(crate) async fn collect<B>(
        &self,
        body: B,
        limit: usize,
        deadline: Instant,
    ) -> Result<Received<'_>, Refusal>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<BoxError>,
    {
        let limit = limit as u64;
        let announced = body.size_hint().lower();
        if announced > limit {
            return Ok(self.undelivered(announced));
        }
        let mut body = pin!(body);
        let mut kept = Kept::default();
        let mut held = Held::of(self);
        loop {
            let frame = match timeout_at(deadline, body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => {
                    let error: BoxError = error.into();
                    tracing::debug!(%error, "the body of a request ended early");
                    return Err(Refusal::Broken);
                }
                Ok(None) => break,
                Err(_elapsed) => return Err(Refusal::Slow),
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let size = kept.len().saturating_add(data.len());
            if size as u64 > limit {
                return Ok(self.undelivered(size as u64));
            }
            let Ok(()) = timeout_at(deadline, held.grow(size)).await else {
                return Err(Refusal::Full);
            };
            kept.push(data);
        }
        Ok(Received {
            body: kept.into_bytes(),
            undelivered: None,
            held,
        })
    }

    fn undelivered(&self, size: u64) -> Received<'_> {
        Received {
            body: Bytes::new(),
            undelivered: Some(size),
            held: Held::of(self),
        }
    }
}

/// A part of the budget.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    budget: &'a Budget,
    permit: Option<SemaphorePermit<'a>>,
}

impl<'a> Held<'a> {
    fn of(budget: &'a Budget) -> Self {
        let permit = None;
        Self { budget, permit }
    }

    async fn grow(&mut self, size: usize) {
        let have = self.permit.as_ref().map_or(0, SemaphorePermit::num_permits);
        let missing = size.div_ceil(KIB).saturating_sub(have);
        if missing == 0 {
            return;
        }
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        // The semaphore is never closed, the only error there is.
        if let Ok(more) = self.budget.0.acquire_many(missing).await {
            match &mut self.permit {
                Some(permit) => permit.merge(more),
                None => self.permit = Some(more),
            }
        }
    }
}

/// Data frames. A body of one frame, which is nearly every body, is not copied.
#[derive(Default)]
struct Kept {
    first: Bytes,
    joined: BytesMut,
}

impl Kept {
    fn len(&self) -> usize {
        self.first.len().max(self.joined.len())
    }

    fn push(&mut self, data: Bytes) {
        if self.len() == 0 {
            self.first = data;
            return;
        }
        if self.joined.is_empty() {
            self.joined.extend_from_slice(&self.first);
        }
        self.joined.extend_from_slice(&data);
    }

    fn into_bytes(self) -> Bytes {
        if self.joined.is_empty() {
            self.first
        } else {
            self.joined.freeze()
        }
    }
}

const KIB: usize = 1024;

#[cfg(test)]
mod tests;
