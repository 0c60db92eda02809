//! 34 and 36: servers that lie, passwords that must not be seen. A real server is asked in `database.rs`.
#![cfg(feature = "live")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::common::{Project, Ran};

/// No output, error or file may hold it.
const CANARY: &str = "c4n4ry-pw";

/// A server that reads a first message and then does as it pleases; gives its port.
fn server(answer: impl Fn(&mut TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut buffer = [0; 4096];
            let mut count = stream.read(&mut buffer).unwrap_or(0);
            // Whoever asks for TLS is told that there is none.
            if count == 8 && buffer[4..8] == [4, 210, 22, 47] {
                let _ = stream.write_all(b"N");
                count = stream.read(&mut buffer).unwrap_or(0);
            }
            if count > 0 {
                answer(&mut stream);
            }
        }
    });
    port
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("short");
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

/// `pull` from there ends soon, with 2, a reason and a remedy, and never shows the password.
fn refused(port: u16) -> Ran {
    let p = Project::new();
    let before = p.read("schema.lock.yaml");
    let began = Instant::now();
    let ran = p
        .run(&["pull", "--database-url", &format!("postgresql://someone:{CANARY}@127.0.0.1:{port}/db?connect_timeout=3&sslmode=prefer")])
        .exits(2)
        .never_says(CANARY);
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert!(ran.err.contains("error: ") && !ran.err.contains("internal error"), "{}", ran.err);
    assert_eq!(p.read("schema.lock.yaml"), before);
    for entry in std::fs::read_dir(p.root()).expect("own folder") {
        let path = entry.expect("an entry").path();
        assert!(!String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).contains(CANARY), "{}", path.display());
    }
    ran
}

#[test]
fn case_34_servers_that_lie() {
    refused(server(|s| drop(s.shutdown(std::net::Shutdown::Both))));
    refused(server(|s| drop(s.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"))));
    // A message longer than its sender ever sends; a length that is too small; noise.
    refused(server(|s| drop(s.write_all(&[b'R', 0x7f, 0xff, 0xff, 0xff, 0]))));
    refused(server(|s| drop(s.write_all(&[b'R', 0, 0, 0, 1]))));
    refused(server(|s| drop(s.write_all(&[0xff; 64]))));
    // It repeats what it was told, the password's owner among it.
    refused(server(|s| drop(s.write_all(&message(b'E', format!("SFATAL\0C28P01\0Mwrong password {CANARY} for \x1b]0;x\x07\0\0").as_bytes())))));
    // It asks for the password in the clear, and says it back.
    refused(server(|s| {
        let _ = s.write_all(&message(b'R', &3_u32.to_be_bytes()));
        let mut buffer = [0; 1024];
        let count = s.read(&mut buffer).unwrap_or(0);
        let said = String::from_utf8_lossy(&buffer[..count]).replace('\0', " ");
        let _ = s.write_all(&message(b'E', format!("SFATAL\0C28P01\0M{said}\0\0").as_bytes()));
    }));
    // Logged in at once, and a row with fewer fields than were announced.
    refused(server(|s| {
        let _ = s.write_all(&message(b'R', &0_u32.to_be_bytes()));
        let _ = s.write_all(&message(b'Z', b"I"));
        let mut buffer = [0; 4096];
        while s.read(&mut buffer).is_ok_and(|n| n > 0) {
            let columns = [&2_u16.to_be_bytes()[..], b"a\0", &[0; 18], b"b\0", &[0; 18]].concat();
            let all = [message(b'T', &columns), message(b'D', &[0, 9, 0, 0, 0, 1, b'x']), message(b'C', b"SELECT 1\0"), message(b'Z', b"I")].concat();
            if s.write_all(&all).is_err() {
                return;
            }
        }
    }));
}

/// SCRAM lets the server choose how often the password is hashed; four thousand million times take an hour.
#[test]
fn case_34_a_server_that_wants_us_to_count_for_an_hour() {
    refused(server(|s| {
        let _ = s.write_all(&message(b'R', &[&10_u32.to_be_bytes()[..], b"SCRAM-SHA-256\0\0"].concat()));
        let mut buffer = [0; 1024];
        let count = s.read(&mut buffer).unwrap_or(0);
        let said = String::from_utf8_lossy(&buffer[..count]).into_owned();
        let nonce = said.split("r=").nth(1).unwrap_or_default().to_owned();
        let _ = s.write_all(&message(b'R', &[&11_u32.to_be_bytes()[..], format!("r={nonce}x,s=c2FsdA==,i=4000000000").as_bytes()].concat()));
        std::thread::sleep(Duration::from_mins(1));
    }));
}

#[test]
fn case_34_a_server_that_never_answers() {
    refused(server(|_| std::thread::sleep(Duration::from_mins(2))));
    let p = Project::new();
    // No one listens there.
    p.run(&["pull", "--database-url", &format!("postgresql://u:{CANARY}@127.0.0.1:1/x")]).exits(2).never_says(CANARY).says("help: ");
    p.run(&["pull", "--database-url", &format!("postgresql://u:{CANARY}@nowhere.invalid/x")]).exits(2).never_says(CANARY).says("help: ");
}

#[test]
fn case_34_passwords_in_every_spelling() {
    let p = Project::new();
    let long = format!("{CANARY}@:/%#?☃");
    for url in [
        format!("postgresql://u:{long}@127.0.0.1:1/x"),
        format!("postgresql://u:a@{CANARY}@127.0.0.1:1/x"),
        format!("postgres://u:%ZZ{CANARY}@127.0.0.1:1/x"),
        format!("postgresql+asyncpg://u:{CANARY}@[::1]:1/x"),
        format!("host=127.0.0.1 port=1 password='{CANARY}' user=u"),
        format!("host=127.0.0.1 port=1 password='{CANARY}"),
        format!("postgresql://127.0.0.1:1/x?password={CANARY}"),
        format!("postgresql://u:{CANARY}@127.0.0.1:notaport/x"),
        format!("mysql://u:{CANARY}@127.0.0.1/x"),
        CANARY.to_string(),
        format!("://:{CANARY}@"),
    ] {
        p.run(&["pull", "--database-url", &url]).exits(2).never_says(CANARY);
        let mut command = p.command(env!("CARGO_BIN_EXE_dbtruth"), ".");
        let output = command.arg("pull").env("DATABASE_URL", &url).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(!String::from_utf8_lossy(&output.stderr).contains(CANARY) && output.stdout.is_empty(), "{output:?}");
    }
    let mut command = p.command(env!("CARGO_BIN_EXE_dbtruth"), ".");
    let output = command.arg("pull").env("PGHOST", "127.0.0.1").env("PGPORT", "1").env("PGPASSWORD", CANARY).output().expect("it runs");
    assert!(!String::from_utf8_lossy(&output.stderr).contains(CANARY));
    // A check has no use for it, and does not look.
    p.write("a.sql", crate::common::WRONG);
    for format in ["human", "json", "sarif", "github"] {
        let mut command = p.command(env!("CARGO_BIN_EXE_dbtruth"), ".");
        let output = command
            .args(["check", "--format", format])
            .env("DATABASE_URL", format!("postgresql://u:{CANARY}@h/x"))
            .env("PGPASSWORD", CANARY)
            .output()
            .expect("it runs");
        assert!(!String::from_utf8_lossy(&output.stdout).contains(CANARY) && !String::from_utf8_lossy(&output.stderr).contains(CANARY));
    }
}
