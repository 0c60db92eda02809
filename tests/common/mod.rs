//! A folder to run the program in. The environment is scrubbed first: these tests may themselves run inside a git hook.
#![allow(dead_code, reason = "each test file uses its own part of this one")]
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A lock with one table, `batches (id, manufacturing_date)`.
pub const LOCK: &str = "version: 1\nsearch_path: [public]\ntables:\n  public.batches:\n    columns:\n      id: bigint not null\n      manufacturing_date: date not null\n    primary key: [id]\n";

/// SQL with one finding against [`LOCK`].
pub const WRONG: &str = "SELECT mfg_date FROM batches;\n";

/// SQL without.
pub const RIGHT: &str = "SELECT manufacturing_date FROM batches;\n";

/// A project in a temporary folder.
pub struct Project {
    pub dir: TempDir,
}

/// What a run gave.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Asserts the exit code, showing everything when it is another.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Asserts that standard output or standard error holds a text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.out.contains(text) || self.err.contains(text), "nobody says {text:?}\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Asserts that neither does.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(!self.out.contains(text) && !self.err.contains(text), "somebody says {text:?}\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }
}

impl Project {
    /// With a lock and nothing else.
    pub fn new() -> Self {
        let project = Self { dir: tempfile::tempdir().unwrap() };
        project.write("schema.lock.yaml", LOCK);
        project
    }

    /// The same in a fresh git repository.
    pub fn git() -> Self {
        let project = Self::new();
        project.run_git(&["init", "-q", "-b", "main"]);
        project
    }

    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// A program in a folder of the project, with nothing inherited that could change what it does.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path(folder)).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("GIT_")
                || name.starts_with("PG")
                || name.starts_with("GITHUB_")
                || matches!(name.as_str(), "DATABASE_URL" | "NO_COLOR" | "CLICOLOR_FORCE" | "COLUMNS")
            {
                command.env_remove(name);
            }
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Test").env(format!("GIT_{role}_EMAIL"), "test@example.org");
        }
        command
    }

    /// `dbtruth ARGS` in a folder of the project.
    pub fn run_in(&self, folder: &str, args: &[&str]) -> Ran {
        Ran::of(self.command(env!("CARGO_BIN_EXE_dbtruth"), folder).args(args).output().unwrap())
    }

    /// `dbtruth ARGS` in the project's root.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_in(".", args)
    }

    /// The same with text on standard input.
    pub fn run_with_input(&self, args: &[&str], input: &str) -> Ran {
        use std::io::Write;
        let mut child =
            self.command(env!("CARGO_BIN_EXE_dbtruth"), ".").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Who refuses at once does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::of(child.wait_with_output().unwrap())
    }

    /// `git ARGS`, whatever comes of it.
    pub fn try_git(&self, args: &[&str]) -> Ran {
        Ran::of(self.command("git", ".").args(args).output().unwrap())
    }

    /// `git ARGS`, which must succeed.
    #[track_caller]
    pub fn run_git(&self, args: &[&str]) -> String {
        self.try_git(args).exits(0).out
    }

    /// Commits everything there is.
    pub fn commit_all(&self) {
        self.run_git(&["add", "-A"]);
        self.run_git(&["commit", "-q", "-m", "x"]);
    }

    /// A pre-commit hook that runs `dbtruth ARGS` and keeps what it said in `hook.out` of the git folder.
    pub fn install_plain_hook(&self, args: &str) {
        use std::os::unix::fs::PermissionsExt;
        let hook = self.path(".git/hooks/pre-commit");
        let text = format!("#!/bin/sh\n'{}' {args} --format concise >\"$(git rev-parse --git-common-dir)/hook.out\" 2>&1\n", env!("CARGO_BIN_EXE_dbtruth"));
        std::fs::write(&hook, text).unwrap();
        std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// A program that `./test` installs below `target/test-tools`.
#[track_caller]
pub fn tool(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools").join(name);
    assert!(path.exists(), "{} is missing: run `./test` once, which installs it", path.display());
    path
}
