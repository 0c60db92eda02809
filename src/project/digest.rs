//! Names that SQLAlchemy and Django cut, and those that Django makes: both put a part of an MD5 digest in them.

use md5::{Digest, Md5};

/// What PostgreSQL keeps of a name. Both libraries count characters.
const LIMIT: usize = 63;

/// Hexadecimal digits of the digest of several texts in a row.
fn digest(texts: &[&str]) -> String {
    let mut md5 = Md5::new();
    for text in texts {
        md5.update(text.as_bytes());
    }
    md5.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

fn first(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(n, _)| &text[..n])
}

/// A name of `op.f(…)` or of a naming convention, as SQLAlchemy cuts it (`IdentifierPreparer._truncate_and_render_maxlen_name`).
pub fn by_sqlalchemy(name: &str) -> String {
    if name.chars().count() <= LIMIT {
        return name.to_owned();
    }
    let digest = digest(&[name]);
    format!("{}_{}", first(name, LIMIT - 8), &digest[digest.len() - 4..])
}

/// A table's name as Django cuts it (`django.db.backends.utils.truncate_name`).
pub fn by_django(name: &str) -> String {
    if name.chars().count() <= LIMIT {
        return name.to_owned();
    }
    format!("{}{}", first(name, LIMIT - 4), &digest(&[name])[..4])
}

/// A name as PostgreSQL keeps it: its first bytes, whole characters only (`truncate_identifier` in src/backend/parser/scansup.c).
pub fn by_postgres(name: &str) -> &str {
    let end = (0..=LIMIT.min(name.len())).rev().find(|n| name.is_char_boundary(*n)).unwrap_or(0);
    &name[..end]
}

/// The name that Django gives an index or a constraint of these columns (`BaseDatabaseSchemaEditor._create_index_name`).
pub fn django_index(table: &str, columns: &[&str], suffix: &str) -> String {
    // The schema of `sales"."orders` is no part of it.
    let table = table.rsplit("\".\"").next().unwrap_or(table);
    let texts: Vec<&str> = std::iter::once(table).chain(columns.iter().copied()).collect();
    let mut end = format!("{}{suffix}", &digest(&texts)[..8]);
    let joined = columns.join("_");
    let whole = format!("{table}_{joined}_{end}");
    if whole.chars().count() <= LIMIT {
        return whole;
    }
    if end.chars().count() > LIMIT / 3 {
        end = first(&end, LIMIT / 3).to_owned();
    }
    let other = (LIMIT - end.chars().count()) / 2 - 1;
    let name = format!("{}_{}_{end}", first(table, other), first(&joined, other));
    if name.starts_with(|c: char| c == '_' || c.is_ascii_digit()) {
        let all = name.chars().count();
        return format!("D{}", first(&name, all - 1));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that the libraries themselves gave.
    #[test]
    fn names_as_the_libraries_make_them() {
        let long = "ix_document_by_connector_credential_pair_pkey__connector_id__credential_id";
        assert_eq!(by_sqlalchemy(long), "ix_document_by_connector_credential_pair_pkey__connecto_27dc");
        assert_eq!(by_sqlalchemy("ix_short"), "ix_short");
        assert_eq!(django_index("auth_user_groups", &["user_id", "group_id"], "_uniq"), "auth_user_groups_user_id_group_id_94350c0c_uniq");
        assert_eq!(django_index("django_admin_log", &["user_id"], "_fk_auth_user_id"), "django_admin_log_user_id_c564eba6_fk_auth_user_id");
        assert_eq!(
            django_index("django_admin_log", &["content_type_id"], "_fk_django_content_type_id"),
            "django_admin_log_content_type_id_c4bce8eb_fk_django_co"
        );
        assert_eq!(by_django("short"), "short");
        assert_eq!(by_django(&"x".repeat(64)).len(), 63);
        assert_eq!(by_postgres("short"), "short");
        assert_eq!(by_postgres(&"ä".repeat(40)), "ä".repeat(31));
    }
}
