//! A private PostgreSQL for one test.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub struct Cluster {
    folder: tempfile::TempDir,
    bin: PathBuf,
    port: u16,
}

impl Cluster {
    /// Starts it; `settings` go to the server as `-c`.
    pub fn start(settings: &[String]) -> Self {
        let bin = programs();
        let folder = tempfile::Builder::new().prefix("dbtruth-pg.").tempdir().expect("a temporary folder");
        let cluster = Self { bin, folder, port: free_port() };
        // The server refuses to run as root, and then needs a folder of its own user's.
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(cluster.folder.path()).status().expect("chown runs").success());
        }
        let data = cluster.folder.path().join("data");
        must(cluster.program("initdb").args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&data));
        let mut options = format!("-c unix_socket_directories={} -c port={} -c fsync=off", cluster.folder.path().display(), cluster.port);
        if !settings.iter().any(|s| s.starts_with("listen_addresses")) {
            options.push_str(" -c listen_addresses=");
        }
        for setting in settings {
            options.push_str(&format!(" -c {setting}"));
        }
        let log = cluster.folder.path().join("log");
        must(cluster.program("pg_ctl").arg("-D").arg(&data).arg("-o").arg(options).arg("-l").arg(log).args(["-w", "start"]));
        cluster
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@/{database}?host={}&port={}", self.folder.path().display(), self.port)
    }

    pub fn create(&self, database: &str) {
        self.sql("postgres", &format!("create database {database}"));
    }

    /// Runs SQL; it must succeed.
    pub fn sql(&self, database: &str, sql: &str) {
        let output = self.psql(database, sql);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Loads a file as `psql` does; gives what the server says against it.
    pub fn load(&self, database: &str, text: &str) -> Result<(), String> {
        let output = self.psql(database, text);
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    fn psql(&self, database: &str, sql: &str) -> Output {
        let mut child = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-p", &self.port.to_string(), "-h"])
            .arg(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql runs");
        let mut stdin = child.stdin.take().expect("piped");
        let sql = sql.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(sql.as_bytes()));
        let output = child.wait_with_output().expect("psql ends");
        let _ = writer.join();
        output
    }

    /// What `pg_dump -s` writes.
    pub fn dump(&self, database: &str) -> String {
        let output = must(
            Command::new(self.bin.join("pg_dump")).args(["-s", "-U", "postgres", "-p", &self.port.to_string(), "-h"]).arg(self.folder.path()).arg(database),
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn program(&self, name: &str) -> Command {
        let program = self.bin.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        let _ = self.program("pg_ctl").arg("-D").arg(data).args(["-m", "immediate", "-w", "stop"]).output();
    }
}

/// Where the server's programs are.
fn programs() -> PathBuf {
    if let Ok(folder) = std::env::var("PG_BIN") {
        return PathBuf::from(folder);
    }
    let mut versions: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin")).filter(|p| p.join("initdb").exists()).collect();
    versions.sort();
    versions.pop().expect("these tests need PostgreSQL's server programs: install `postgresql`, or name their folder in PG_BIN")
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n")
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr()).expect("a free port").port()
}

fn must(command: &mut Command) -> Output {
    // A server keeps its output open; without pipes of ours nothing waits for it.
    let log = tempfile::NamedTempFile::new().expect("a temporary file");
    let is_start = command.get_args().any(|a| a == "start");
    let output = if is_start {
        let file = log.reopen().expect("reopened");
        let status = command.stdin(Stdio::null()).stdout(file.try_clone().expect("cloned")).stderr(file).status().expect("the program runs");
        Output { status, stdout: Vec::new(), stderr: std::fs::read(log.path()).expect("readable") }
    } else {
        command.stdin(Stdio::null()).output().expect("the program runs")
    };
    assert!(output.status.success(), "{command:?}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    output
}
