//! What would change, as `git diff` shows it.

use similar::TextDiff;

use super::Change;

/// A unified diff of all files that `git apply` and `patch -p1` read.
pub fn unified(changes: &[Change]) -> String {
    let one = |c: &Change| {
        let (a, b) = (format!("a/{}", c.path), format!("b/{}", c.path));
        TextDiff::from_lines(&c.old, &c.new).unified_diff().context_radius(3).header(&a, &b).to_string()
    };
    changes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_diff_names_the_file_and_the_lines() {
        let change = Change {
            path: "app/a.py".into(),
            absolute: "/app/a.py".into(),
            before: Vec::new(),
            after: Vec::new(),
            old: "a\r\nb\n".into(),
            new: "a\r\nc\n".into(),
        };
        assert_eq!(unified(&[change]), "--- a/app/a.py\n+++ b/app/a.py\n@@ -1,2 +1,2 @@\n a\r\n-b\n+c\n");
    }
}
