//! Schemas that a hosting platform or an extension keeps for itself.

use super::{QualifiedName, Schema};

/// What Supabase's own tools leave out of a dump, and what the extensions for maps and time series keep for themselves; without `auth` and `storage`, which
/// application code does query and point foreign keys at.
const PLATFORM: [&str; 26] = [
    "_analytics",
    "_realtime",
    "_supavisor",
    "_timescaledb_cache",
    "_timescaledb_catalog",
    "_timescaledb_config",
    "_timescaledb_debug",
    "_timescaledb_functions",
    "_timescaledb_internal",
    "cron",
    "dbdev",
    "graphql",
    "graphql_public",
    "net",
    "pgbouncer",
    "pgsodium",
    "pgsodium_masks",
    "pgtle",
    "realtime",
    "repack",
    "supabase_functions",
    "supabase_migrations",
    "tiger",
    "tiger_data",
    "topology",
    "vault",
];

impl Schema {
    /// Forgets everything in schemas that belong to the platform, but for those in `keep` and those on the search path. They change with
    /// every upgrade of the platform, and no one here can change them back.
    pub fn drop_platform(&mut self, keep: &[String]) {
        let path = self.search_path.clone();
        let stays = |name: &QualifiedName| !PLATFORM.contains(&name.schema.as_str()) || keep.contains(&name.schema) || path.contains(&name.schema);
        self.relations.retain(|name, _| stays(name));
        self.enums.retain(|name, _| stays(name));
        self.domains.retain(|name, _| stays(name));
        self.composites.retain(|name, _| stays(name));
        self.ranges.retain(|name, _| stays(name));
        self.functions.retain(|name, _| stays(name));
        self.sequences.retain(stays);
        self.incomplete.retain(|entry| entry.object.split_once('.').is_none_or(|(schema, name)| stays(&QualifiedName::new(schema, name))));
    }
}
