//! The instances of one function: which is idle, which may be started, and what happens to the idle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::call::{Call, Reply};
use crate::exchange::Fault;
use crate::failure::Failure;
use crate::function::{Function, Limits};
use crate::instance::Instance;
use crate::process::Exit;
use crate::roster::{InstanceInfo, Roster};
use crate::task::Task;

#[derive(Debug)]
pub(crate) struct Pool {
    function: Function,
    limits: Limits,
    // One for each instance that serves a call or starts. Whoever holds one finds an idle
    // instance or may start one, so there are never more than `max_instances`.
    places: Arc<Semaphore>,
    closing: watch::Sender<bool>,
    idle: Mutex<Vec<Idle>>,
    roster: Roster,
}

#[derive(Debug)]
struct Idle {
    instance: Instance,
    _tending: Task,
}

impl Pool {
    pub(crate) fn new(function: Function, limits: Limits) -> Self {
        Self {
            places: Arc::new(Semaphore::new(limits.max_instances)),
            closing: watch::Sender::new(false),
            idle: Mutex::default(),
            roster: Roster::default(),
            function,
            limits,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn list(&self) -> Vec<InstanceInfo> {
        self.roster.list()
    }

    /// Waits for the right to use an instance, first come, first served.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Busy`] if that takes too long or the pool is closed.
    pub(crate) async fn place(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let place = Arc::clone(&self.places).acquire_owned();
        match timeout(self.limits.timeout, place).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(Failure::Busy),
        }
    }

    /// Ends all calls and all instances.
    pub(crate) async fn close(&self) {
        self.places.close();
        self.closing.send_replace(true);
        self.closing.closed().await;
        self.clear();
    }

    /// Ends the idle instances.
    pub(crate) fn clear(&self) {
        let idle = std::mem::take(&mut *self.idle());
        drop(idle);
    }

    /// Serves `call` with an idle instance or a new one, for whoever holds a place.
    ///
    /// # Errors
    ///
    /// Returns why there is no answer.
    pub(crate) async fn serve(self: &Arc<Self>, call: Call) -> Result<Reply, Failure> {
        // `close` waits until the last subscriber is gone.
        let mut closing = self.closing.subscribe();
        tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => Err(Failure::Busy),
            outcome = self.run(call) => outcome,
        }
    }

    async fn run(self: &Arc<Self>, call: Call) -> Result<Reply, Failure> {
        let mut instance = match self.take_idle() {
            Some(instance) => instance,
            None => {
                Instance::start(&self.function, self.limits.start_timeout, &self.roster).await?
            }
        };
        match instance.call(call, self.limits.timeout).await {
            Ok(reply) => {
                self.rest(instance);
                Ok(reply)
            }
            Err(Fault::Survived(failure)) => {
                self.rest(instance);
                Err(failure)
            }
            Err(Fault::Fatal(failure)) => Err(failure),
        }
    }

    /// The instance that was used last: it is the least likely to be frozen.
    fn take_idle(&self) -> Option<Instance> {
        loop {
            let idle = self.idle().pop()?;
            if !idle.instance.has_exited() {
                return Some(idle.instance);
            }
        }
    }

    fn rest(self: &Arc<Self>, instance: Instance) {
        let mut idle = self.idle();
        instance.rest();
        let tending = tend(Arc::downgrade(self), instance.pid(), instance.exit());
        idle.push(Idle {
            instance,
            _tending: Task::spawn(tending),
        });
    }

    /// Applies `action` to an instance, if it is idle.
    fn with_idle(&self, pid: u32, action: impl FnOnce(&mut Instance)) {
        let mut idle = self.idle();
        if let Some(idle) = idle.iter_mut().find(|idle| idle.instance.pid() == pid) {
            action(&mut idle.instance);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Freezes and disconnects an idle instance when it is time, and removes it when it exits.
async fn tend(pool: Weak<Pool>, pid: u32, exit: Exit) {
    let Some(Limits {
        freeze_after,
        connection_idle,
        ..
    }) = pool.upgrade().map(|pool| pool.limits.clone())
    else {
        return;
    };
    let act = |action: fn(&mut Instance)| {
        if let Some(pool) = pool.upgrade() {
            pool.with_idle(pid, action);
        }
    };
    let freeze = async {
        sleep(freeze_after).await;
        act(|instance| instance.freeze());
    };
    let disconnect = async {
        sleep(connection_idle).await;
        act(Instance::disconnect);
    };
    let age = async { tokio::join!(freeze, disconnect) };
    tokio::select! {
        () = exit.wait() => {}
        _ = age => exit.wait().await,
    }
    tracing::warn!(pid, "the function exited while idle");
    if let Some(pool) = pool.upgrade() {
        pool.idle().retain(|idle| idle.instance.pid() != pid);
    }
}
