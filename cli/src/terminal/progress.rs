//! That a call still runs, for whoever waits at a terminal.

use std::io::Write;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, interval_at};

/// What `work` comes to. As long as it takes, `terminal` shows `name` and the seconds, and nothing once it is done.
pub(super) async fn shown<T>(
    work: impl Future<Output = T>,
    name: &str,
    mut terminal: impl Write,
) -> T {
    let mut work = pin!(work);
    let start = Instant::now();
    let mut ticks = interval_at(start + EVERY, EVERY);
    let mut is_shown = false;
    // A terminal that takes no more is no reason to end the work.
    loop {
        tokio::select! {
            biased;
            done = &mut work => {
                if is_shown {
                    let _cleared = write!(terminal, "\r\x1b[K").and_then(|()| terminal.flush());
                }
                return done;
            }
            _ = ticks.tick() => {
                let seconds = start.elapsed().as_secs_f32();
                let line = write!(terminal, "\r\x1b[K{name} … {seconds:.1} s");
                let _shown = line.and_then(|()| terminal.flush());
                is_shown = true;
            }
        }
    }
}

/// What ends sooner needs no line.
const EVERY: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    async fn written(takes: Duration) -> String {
        let mut terminal = Vec::new();
        let work = async {
            tokio::time::sleep(takes).await;
            7
        };

        assert_eq!(shown(work, "oci_ping", &mut terminal).await, 7);
        String::from_utf8(terminal).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_takes_long_is_shown_until_it_is_done() {
        assert_eq!(
            written(Duration::from_millis(1_200)).await,
            "\r\x1b[Koci_ping … 0.5 s\r\x1b[Koci_ping … 1.0 s\r\x1b[K"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_does_not_is_not() {
        assert_eq!(written(Duration::from_millis(300)).await, "");
    }
}
