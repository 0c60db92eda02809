//! Folders of SQL: which files count, and in which order.

use super::{columns, pull};

#[test]
fn a_file_without_a_number_is_not_lost() {
    let setup = ("sql/setup.sql", "CREATE TABLE pages (id int);");
    let more = ("sql/add_spaces.sql", "ALTER TABLE pages ADD COLUMN space int;");
    let s = pull(&[setup, more, ("sql/3_quick.sql", "SELECT id FROM pages;")]);
    assert_eq!(columns(&s, "pages"), ["id integer", "space integer"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
    // Beside steps in order it may not run: what it touches is not wholly known, what it leaves as it is stays known.
    let steps = [("sql/1_a.sql", "CREATE TABLE notes (id int);"), ("sql/2_b.sql", "CREATE TABLE labels (id int, space int);")];
    let again = ("sql/again.sql", "CREATE TABLE IF NOT EXISTS notes (id int); ALTER TABLE labels ADD COLUMN IF NOT EXISTS space int;");
    let s = pull(&[setup, more, steps[0], steps[1], again]);
    assert_eq!(columns(&s, "pages"), ["id integer", "space integer"]);
    assert_eq!(s.incomplete.iter().map(|i| i.object.as_str()).collect::<Vec<_>>(), ["public.pages"]);
}
