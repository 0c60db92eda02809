//! 40: names of columns that Python, pydantic or SQLAlchemy keep for themselves.

use crate::common::{Project, Ran};

const NAMES: [&str; 16] =
    ["model_dump", "model_config", "_id", "class", "text", "metadata", "date", "int", "1st", "a b", "registry", "self", "None", "ﬁ", "fi", "__init__"];

/// `./test` installs pydantic and SQLAlchemy beside the other tools.
fn python() -> String {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin/python").display().to_string()
}

fn generated(p: &Project, target: &str) -> Ran {
    p.run(&["generate", target, "--output", "models.py"]).exits(0)
}

#[test]
fn case_40_reserved_names_survive_generation() {
    let p = Project::new();
    let columns: Vec<String> = NAMES.iter().map(|n| format!("\"{n}\" text not null")).collect();
    p.write(
        "schema.sql",
        format!(
            "CREATE TABLE \"class\" (id bigint primary key, {});\nCREATE TABLE odd (id bigint primary key, d date default now(), n numeric(5,2));\n",
            columns.join(", ")
        ),
    );
    p.run(&["pull", "--from", "schema.sql"]).exits(0);
    let python = |code: &str| {
        let output = p.command(python(), ".").args(["-W", "error", "-c", code]).output().expect("`./test` makes target/test-tools");
        assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), p.read("models.py"));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };

    generated(&p, "sqlalchemy");
    let said =
        python("import models, sqlalchemy as sa\nfor t in models.Base.metadata.sorted_tables: print(ascii(t.name), ascii(sorted(c.name for c in t.columns)))");
    for name in NAMES {
        assert!(said.contains(&format!("'{}'", name.escape_unicode_outside_ascii())), "{name}: {said}");
    }
    p.run(&["check", "--format", "concise"]).exits(0);

    generated(&p, "pydantic");
    let row = NAMES.iter().map(|n| format!("{n:?}: 'x'")).collect::<Vec<_>>().join(", ");
    let code = format!(
        "import models\nfound = [m for m in vars(models).values() if isinstance(m, type) and hasattr(m, 'model_validate') and 'model_dump' in str(m.model_fields) + str([f.alias for f in m.model_fields.values()])]\nassert found, vars(models)\nrow = {{'id': 1, {row}}}\ndata = found[0].model_validate(row)\nout = data.model_dump(by_alias=True)\nassert all(out[k] == v for k, v in row.items()), out\nprint('same')"
    );
    assert_eq!(python(&code), "same\n");
}

trait Ascii {
    fn escape_unicode_outside_ascii(&self) -> String;
}

impl Ascii for str {
    /// As Python's `ascii` writes it.
    fn escape_unicode_outside_ascii(&self) -> String {
        self.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }).collect()
    }
}
