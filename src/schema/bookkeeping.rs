//! Tables in which tools of migrations keep their own books.
//!
//! A replay cannot know them all (a folder of SQL does not say which tool runs it), and no application should depend on them: a lock leaves them out, from
//! whatever source it is made. A table counts as one by its name and its columns together, so that a project's own table of the name stays.

use super::{QualifiedName, Relation, Schema};

/// Names, and the columns by which the tool's own table is told from another of that name (any one of the sets, sorted).
const TABLES: &[(&str, &[&[&str]])] = &[
    // Alembic (`MigrationContext._version`)
    ("alembic_version", &[&["version_num"]]),
    // sqlalchemy-migrate
    ("migrate_version", &[&["repository_id", "repository_path", "version"]]),
    // Django (`MigrationRecorder`)
    ("django_migrations", &[&["app", "applied", "id", "name"]]),
    // dbmate, Rails, golang-migrate, Ecto
    ("schema_migrations", &[&["version"], &["dirty", "version"], &["inserted_at", "version"]]),
    // Rails
    ("ar_internal_metadata", &[&["created_at", "key", "updated_at", "value"]]),
    // Diesel, SQLx, refinery
    ("__diesel_schema_migrations", &[&["run_on", "version"]]),
    ("_sqlx_migrations", &[&["checksum", "description", "execution_time", "installed_on", "success", "version"]]),
    ("refinery_schema_history", &[&["applied_on", "checksum", "name", "version"]]),
    // Flyway, Liquibase
    (
        "flyway_schema_history",
        &[&["checksum", "description", "execution_time", "installed_by", "installed_on", "installed_rank", "script", "success", "type", "version"]],
    ),
    ("databasechangeloglock", &[&["id", "locked", "lockedby", "lockgranted"]]),
    // goose
    ("goose_db_version", &[&["id", "is_applied", "tstamp", "version_id"]]),
    // Prisma
    ("_prisma_migrations", &[&["applied_steps_count", "checksum", "finished_at", "id", "logs", "migration_name", "rolled_back_at", "started_at"]]),
    // yoyo
    ("_yoyo_migration", &[&["applied_at_utc", "migration_hash", "migration_id"]]),
    ("_yoyo_log", &[&["comment", "created_at_utc", "hostname", "id", "migration_hash", "migration_id", "operation", "username"]]),
    ("_yoyo_version", &[&["installed_at_utc", "version"]]),
    ("yoyo_lock", &[&["ctime", "locked", "pid"]]),
    // sql-migrate
    ("gorp_migrations", &[&["applied_at", "id"]]),
];

/// Whether a name is that of a tool's table: code may name it although the lock has none.
pub fn is_bookkeeping(table: &str) -> bool {
    TABLES.iter().any(|t| t.0 == table) || table.starts_with("alembic_version") || matches!(table, "spatial_ref_sys" | "pg_stat_statements")
}

/// Whether a name is one that a runner of migrations which a project wrote itself gives its books: `_migrations`, `schema_version`. The runner makes that table, no
/// step does.
pub fn is_of_runner(table: &str) -> bool {
    let bare = table.rsplit('.').next().unwrap_or(table).trim_matches('"').to_ascii_lowercase();
    let words = || bare.split('_').filter(|w| !w.is_empty());
    let of = |wanted: &[&str]| words().any(|w| wanted.contains(&w));
    is_bookkeeping(&bare)
        || of(&["migration", "migrations"])
        || of(&["schema", "db", "database"]) && of(&["version", "versions", "history", "patches", "changelog", "changes"])
        || matches!(&*bare, "dbversion" | "schemaversion")
}

impl Schema {
    /// Forgets the tables in which tools of migrations keep their books.
    pub fn drop_bookkeeping(&mut self) {
        let gone: Vec<QualifiedName> = self.relations.iter().filter(|(name, r)| is_tools(name, r)).map(|(name, _)| name.clone()).collect();
        for name in gone {
            self.relations.remove(&name);
            let object = name.to_string();
            self.incomplete.retain(|i| i.object != object);
        }
    }
}

/// Whether a table is what the tool makes: by name and columns, with nothing pointing out of it.
fn is_tools(name: &QualifiedName, relation: &Relation) -> bool {
    let mut columns: Vec<&str> = relation.columns.iter().map(|c| c.name.as_str()).collect();
    columns.sort_unstable();
    relation.foreign_keys.is_empty() && !relation.open && TABLES.iter().any(|(table, sets)| *table == name.name && sets.iter().any(|s| *s == columns))
}

#[cfg(test)]
mod tests {
    use super::is_of_runner;
    use crate::sql::ddl::load_file;

    #[test]
    fn books_of_runners_are_told_by_their_names() {
        assert!(["_migrations", "app.\"Migrations\"", "schema_versions", "applied_migrations", "alembic_version"].into_iter().all(is_of_runner));
        assert!(!["orders", "versions", "history", "schemas", "immigrations", "database_users"].into_iter().any(is_of_runner));
    }

    #[test]
    fn the_tools_own_table_goes_and_a_projects_table_of_the_name_stays() {
        let mut s = load_file(
            "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); CREATE TABLE schema_migrations (version bigint, dirty bool);
             CREATE SCHEMA app; CREATE TABLE app.schema_migrations (id int, note text); CREATE TABLE t (id int);",
        );
        s.drop_bookkeeping();
        let names: Vec<String> = s.relations.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["app.schema_migrations", "public.t"]);
    }
}
