//! A word that we are still at work: on standard error, only when that is a terminal, only when it takes long, and gone before anything else is printed.

use std::io::{IsTerminal, Write};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Nobody wonders before.
const PATIENCE: Duration = Duration::from_millis(800);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing stands on the terminal.
    Blank,
    /// Our line does.
    Shown,
    /// Results come, or the work is done: not a word more.
    Over,
}

static STATE: Mutex<State> = Mutex::new(State::Blank);
static OVER: Condvar = Condvar::new();

/// Ends the word when dropped.
pub struct Progress(());

impl Drop for Progress {
    fn drop(&mut self) {
        stop();
    }
}

/// Begins to wait.
pub fn start() -> Progress {
    let dumb = std::env::var_os("TERM").is_none_or(|t| t == "dumb");
    if std::io::stderr().is_terminal() && !dumb {
        // Without a thread there is no word; the work goes on.
        let _ = std::thread::Builder::new().name("progress".to_owned()).spawn(tell);
    }
    Progress(())
}

/// Takes the word away for good.
pub fn stop() {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if *state == State::Shown {
        // Back to the start of the line, and everything from there erased.
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    *state = State::Over;
    OVER.notify_all();
}

fn tell() {
    let began = Instant::now();
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut wait = PATIENCE;
    while *state != State::Over {
        let (next, timeout) = OVER.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner);
        state = next;
        if timeout.timed_out() && *state != State::Over {
            let _ = write!(std::io::stderr(), "\r\x1b[Kdbtruth: working, {} s", began.elapsed().as_secs());
            *state = State::Shown;
            wait = Duration::from_secs(1);
        }
    }
}
