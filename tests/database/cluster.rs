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
        Self::start_from(programs(), settings)
    }

    /// Starts it with a role `me` that needs a password over TCP, and TLS with a certificate for `localhost` if there is one in the folder.
    pub fn start_with_tls(certificates: &Path) -> Self {
        let settings = ["listen_addresses=127.0.0.1", "ssl=on", "ssl_cert_file=server.crt", "ssl_key_file=server.key"].map(str::to_owned);
        Self::start_prepared(programs(), &settings, |data| {
            for file in ["server.crt", "server.key"] {
                std::fs::copy(certificates.join(file), data.join(file)).expect("copied");
            }
            set_private(&data.join("server.key"));
            std::fs::write(data.join("pg_hba.conf"), "local all all trust\nhost all all all scram-sha-256\n").expect("written");
        })
    }

    /// Starts the server whose programs are in that folder.
    pub fn start_from(bin: PathBuf, settings: &[String]) -> Self {
        Self::start_prepared(bin, settings, |_| {})
    }

    fn start_prepared(bin: PathBuf, settings: &[String], prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::Builder::new().prefix("dbtruth-pg.").tempdir().expect("a temporary folder");
        let cluster = Self { bin, folder, port: free_port() };
        // The server refuses to run as root, and then needs a folder of its own user's.
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(cluster.folder.path()).status().expect("chown runs").success());
        }
        let data = cluster.folder.path().join("data");
        must(cluster.program("initdb").args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&data));
        prepare(&data);
        if is_root() {
            must(Command::new("chown").arg("-R").arg("postgres").arg(&data));
        }
        let mut options = format!("-c unix_socket_directories={} -c port={} -c fsync=off", cluster.folder.path().display(), cluster.port);
        if !settings.iter().any(|s| s.starts_with("listen_addresses")) {
            options.push_str(" -c listen_addresses=");
        }
        let extra: String = settings.iter().flat_map(|setting| [" -c ", setting]).collect();
        options.push_str(&extra);
        let log = cluster.folder.path().join("log");
        must(cluster.program("pg_ctl").arg("-D").arg(&data).arg("-o").arg(options).arg("-l").arg(log).args(["-w", "start"]));
        cluster
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@/{database}?host={}&port={}", self.folder.path().display(), self.port)
    }

    /// The major version.
    pub fn version(&self) -> u32 {
        let output = must(Command::new(self.bin.join("postgres")).arg("--version"));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok()).expect("a version")
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
        // Some packages of servers come without clients; any version of `psql` will do.
        let own = self.bin.join("psql");
        let mut child = Command::new(if own.exists() { own } else { PathBuf::from("psql") })
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
        as_server(&self.bin.join(name))
    }
}

/// A program that must not run as root.
fn as_server(program: &Path) -> Command {
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

/// PgBouncer in transaction mode in front of a cluster.
pub struct Pooler {
    child: std::process::Child,
    pub port: u16,
}

impl Pooler {
    pub fn start(cluster: &Cluster) -> Self {
        let port = free_port();
        let folder = cluster.folder.path();
        let settings = format!(
            "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\nlogfile = {}/pooler.log\n",
            folder.display(),
            cluster.port,
            folder.display()
        );
        let path = folder.join("pgbouncer.ini");
        std::fs::write(&path, settings).expect("written");
        // `auth_type = any` logs in as the user that the database names; none does, so as the client's.
        let settings = std::fs::read_to_string(&path).expect("readable").replace("* = host", "* = user=postgres host");
        std::fs::write(&path, settings).expect("written");
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"].iter().map(PathBuf::from).find(|p| p.exists());
        let program = program.expect("this test needs PgBouncer: install `pgbouncer`");
        let child = as_server(&program).arg("-q").arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("pgbouncer runs");
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Self { child, port };
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("pgbouncer did not start: {}", std::fs::read_to_string(folder.join("pooler.log")).unwrap_or_default());
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // `runuser` hands a polite signal on; a kill would leave its child behind.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Certificates made for one test: an authority (`ca.crt`), another one (`other.crt`), and a server's for `localhost`.
pub fn certificates() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let openssl = |arguments: &str| {
        must(Command::new("openssl").args(arguments.split(' ')).current_dir(folder.path()));
    };
    for name in ["ca", "other"] {
        openssl(&format!("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.crt"));
    }
    openssl("req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr");
    std::fs::write(folder.path().join("names"), "subjectAltName=DNS:localhost\n").expect("written");
    openssl("x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt");
    folder
}

fn set_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("mode set");
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

fn free_port() -> u16 {
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
