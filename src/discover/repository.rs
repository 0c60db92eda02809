//! What `git rev-parse` says of a repository of the usual kind: a worktree with its folder `.git`, and nothing in the environment or the configuration that would
//! make git look elsewhere. A hook lives for so short a time that starting git once more is a tenth of it.

use std::path::{Path, PathBuf};

/// Variables that make git look elsewhere, or may.
const ELSEWHERE: [&str; 10] = [
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DEFAULT_HASH",
    "GIT_DIR",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_NAMESPACE",
    "GIT_WORK_TREE",
];

/// Words in a repository's configuration of which the same is true.
const WORDS: [&str; 3] = ["worktree", "include", "[extensions"];

/// The top of the worktree around a folder, and its index; `None` where git had better be asked.
pub(super) fn usual(cwd: &Path) -> Option<(PathBuf, PathBuf)> {
    if ELSEWHERE.iter().any(|name| std::env::var_os(name).is_some()) {
        return None;
    }
    let (top, index) = plain(cwd)?;
    match std::env::var_os("GIT_INDEX_FILE").map(PathBuf::from) {
        None => Some((top, index)),
        Some(own) if own.is_absolute() => Some((top, own)),
        Some(own) => (top == cwd).then(|| (top.clone(), top.join(own))),
    }
}

fn plain(cwd: &Path) -> Option<(PathBuf, PathBuf)> {
    // git goes up by real folders.
    if std::fs::canonicalize(cwd).ok()? != cwd {
        return None;
    }
    let is_folder = |path: PathBuf| path.symlink_metadata().is_ok_and(|d| d.is_dir());
    for top in cwd.ancestors() {
        let git = top.join(".git");
        if git.symlink_metadata().is_err() {
            // A repository without a worktree is one all the same.
            if top.join("HEAD").exists() || is_folder(top.join("objects")) {
                return None;
            }
            continue;
        }
        let is_whole = is_folder(git.clone()) && is_folder(git.join("objects")) && is_folder(git.join("refs")) && git.join("HEAD").is_file();
        let config = std::fs::read_to_string(git.join("config")).ok().filter(|_| is_whole && !git.join("commondir").exists())?;
        return is_usual(&config).then(|| (top.to_path_buf(), git.join("index")));
    }
    None
}

fn is_usual(config: &str) -> bool {
    let config = config.to_ascii_lowercase();
    let is_bare = |line: &str| line.trim_start().starts_with("bare") && !line.replace(' ', "").contains("bare=false");
    !WORDS.iter().any(|word| config.contains(word)) && !config.lines().any(is_bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_usual_kind_is_known() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = std::fs::canonicalize(folder.path()).expect("a path");
        let (top, inside) = (root.join("top"), root.join("top/a/b"));
        let write = |name: &str, text: &str| std::fs::write(top.join(name), text).expect("written");
        for made in ["a/b", ".git/objects", ".git/refs"] {
            std::fs::create_dir_all(top.join(made)).expect("made");
        }
        assert_eq!(plain(&inside), None, "no configuration");
        write(".git/HEAD", "ref: refs/heads/main\n");
        let usual = "[core]\n\tbare = false\n[user]\n\tname = x\n";
        write(".git/config", usual);
        assert_eq!(plain(&inside), Some((top.clone(), top.join(".git/index"))));
        for odd in
            ["[core]\n\tworktree = ../x\n", "[include]\n\tpath = x\n", "[core]\n\tbare = true\n", "[Extensions]\n\tobjectFormat = sha256\n", "[core]\n\tbare\n"]
        {
            write(".git/config", odd);
            assert_eq!(plain(&inside), None, "{odd}");
        }
        write(".git/config", usual);
        write("a/HEAD", "");
        assert_eq!(plain(&inside), None, "perhaps a repository without a worktree");
        std::fs::remove_file(top.join("a/HEAD")).expect("removed");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&inside, root.join("link")).expect("a link");
            assert_eq!(plain(&root.join("link")), None, "a link to the folder");
        }
        std::fs::create_dir(inside.join(".git")).expect("made");
        assert_eq!(plain(&inside), None, "an empty folder of the name");
    }
}
