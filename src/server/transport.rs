//! Messages on a stream of bytes, each behind a header with its length. What is no message is said and skipped: one bad message must not end a session.

use std::io::{self, BufRead, Read, Write};

use crossbeam_channel::{Receiver, Sender};
use lsp_server::Message;

/// Longer messages are skipped: no editor sends them, and their length alone would decide how much memory we ask for.
const LONGEST: u64 = 256 << 20;

/// Longer header lines are no header lines.
const LONGEST_LINE: u64 = 8 << 10;

/// What came in.
#[derive(Debug)]
pub enum Incoming {
    /// A message.
    Message(Box<Message>),
    /// Something else, and what is wrong with it.
    Bad(String),
}

/// Reads until the stream ends or nobody listens any more.
pub fn read_all(mut from: impl BufRead, to: &Sender<Incoming>) {
    loop {
        let incoming = match read(&mut from) {
            Ok(Some(incoming)) => incoming,
            Ok(None) | Err(_) => return,
        };
        if to.send(incoming).is_err() {
            return;
        }
    }
}

/// Reads one message; `None` at the end of the stream.
fn read(from: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let mut length = None;
    let mut line = Vec::new();
    let mut seen = 0;
    loop {
        line.clear();
        if from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            if seen == 0 {
                continue;
            }
            break;
        }
        seen += 1;
        if let Some((name, value)) = text.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse::<u64>());
        }
    }
    let length = match length {
        Some(Ok(length)) => length,
        Some(Err(error)) => return Ok(Some(Incoming::Bad(format!("Content-Length: {error}")))),
        None => return Ok(Some(Incoming::Bad("a header without Content-Length".to_owned()))),
    };
    if length > LONGEST {
        let skipped = io::copy(&mut from.by_ref().take(length), &mut io::sink())?;
        return Ok((skipped == length).then(|| Incoming::Bad(format!("a message of {length} bytes"))));
    }
    let mut body = Vec::new();
    if from.by_ref().take(length).read_to_end(&mut body)? as u64 != length {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice(&body) {
        Ok(message) => Incoming::Message(Box::new(message)),
        Err(error) => Incoming::Bad(format!("no JSON-RPC message: {error}")),
    }))
}

/// Writes whatever comes, until nobody sends or nobody reads any more.
pub fn write_all(from: &Receiver<Message>, mut to: impl Write) {
    for message in from {
        if message.write(&mut to).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_skipped() {
        let ping = r#"{"jsonrpc":"2.0","method":"ping"}"#;
        let stream = format!(
            "Content-Length: 5\r\n\r\n{{bad}}\r\n\r\nContent-Length: none\r\n\r\nX: y\r\n\r\nContent-Length: 99999999999999999999999\r\n\r\nContent-Length: {}\r\nContent-Type: x\r\n\r\n{ping}\n\nCONTENT-length:{}\n\n{ping}Content-Length: 18446744073709551615\r\n\r\nrest",
            ping.len(),
            ping.len()
        );
        let (send, receive) = crossbeam_channel::unbounded();
        read_all(stream.as_bytes(), &send);
        drop(send);
        let all: Vec<Incoming> = receive.iter().collect();
        assert_eq!(all.iter().filter(|i| matches!(i, Incoming::Message(_))).count(), 2, "{all:?}");
        assert_eq!(all.iter().filter(|i| matches!(i, Incoming::Bad(_))).count(), 4, "{all:?}");
    }
}
