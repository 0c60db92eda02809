//! What every PostgreSQL brings along: the relations of `pg_catalog` and `information_schema`, functions, types.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

/// A relation of `pg_catalog` or `information_schema`.
pub struct Relation {
    /// Its schema.
    pub schema: &'static str,
    /// Its name.
    pub name: &'static str,
    /// A view has no system columns.
    pub view: bool,
    /// Name and type, in order.
    pub columns: Vec<(&'static str, &'static str)>,
}

/// A function, one result form of it.
pub struct Function {
    /// Fewest arguments.
    pub least: u16,
    /// Most arguments.
    pub most: u16,
    /// Takes any number more.
    pub variadic: bool,
    /// Can be called with one argument of any row type: so `t.count` is `count(t)`.
    pub any_row: bool,
    /// Type of the result (of each row's, where [`Self::set`]).
    pub result: &'static str,
    /// Output columns: name and type.
    pub outs: Vec<(&'static str, &'static str)>,
}

/// All of it.
pub struct Builtin {
    relations: FxHashMap<&'static str, FxHashMap<&'static str, Relation>>,
    functions: FxHashMap<&'static str, Vec<Function>>,
    types: FxHashMap<&'static str, char>,
}

/// Relations that newer versions or common extensions have: known, but not by their columns.
const OPEN: &[&str] = &[
    "pg_stat_io",
    "pg_wait_events",
    "pg_stat_checkpointer",
    "pg_aios",
    "pg_shmem_allocations_numa",
    "pg_stat_statements",
    "pg_stat_statements_info",
    "pg_stat_kcache",
    "pg_buffercache",
    "pg_buffercache_numa",
    "pg_freespacemap",
    "pg_qualstats",
    "pg_wait_sampling_profile",
    "pg_hint_plan",
    "geometry_columns",
    "geography_columns",
    "raster_columns",
    "raster_overviews",
    "spatial_ref_sys",
    "hypopg_list_indexes",
    "pg_all_foreign_keys",
    "tap_funky",
];

/// Columns that versions after 15 added to relations of [`Relation`]s that are known by their columns.
const NEWER: &[(&str, &str)] = &[
    ("pg_attribute", "attcompression"),
    ("pg_class", "relallfrozen"),
    ("pg_collation", "colllocale"),
    ("pg_collation", "collicurules"),
    ("pg_constraint", "conenforced"),
    ("pg_constraint", "conperiod"),
    ("pg_database", "datlocale"),
    ("pg_database", "daticurules"),
    ("pg_database", "dathasloginevt"),
    ("pg_auth_members", "oid"),
    ("pg_auth_members", "inherit_option"),
    ("pg_auth_members", "set_option"),
    ("pg_publication", "pubgencols"),
    ("pg_prepared_statements", "result_types"),
    ("pg_replication_slots", "conflicting"),
    ("pg_replication_slots", "failover"),
    ("pg_replication_slots", "synced"),
    ("pg_replication_slots", "invalidation_reason"),
    ("pg_replication_slots", "inactive_since"),
    ("pg_replication_slots", "two_phase_at"),
    ("pg_stat_all_tables", "last_seq_scan"),
    ("pg_stat_all_tables", "last_idx_scan"),
    ("pg_stat_all_tables", "n_tup_newpage_upd"),
    ("pg_stat_all_tables", "total_vacuum_time"),
    ("pg_stat_user_tables", "last_seq_scan"),
    ("pg_stat_user_tables", "last_idx_scan"),
    ("pg_stat_user_tables", "n_tup_newpage_upd"),
    ("pg_stat_user_tables", "total_vacuum_time"),
    ("pg_stat_all_indexes", "last_idx_scan"),
    ("pg_stat_user_indexes", "last_idx_scan"),
    ("pg_stat_activity", "leader_pid"),
    ("pg_stat_subscription", "worker_type"),
    ("pg_stats", "range_length_histogram"),
    ("pg_stats", "range_empty_frac"),
    ("pg_stats", "range_bounds_histogram"),
    ("pg_stat_database", "parallel_workers_to_launch"),
    ("pg_stat_database", "parallel_workers_launched"),
    ("pg_stat_progress_vacuum", "dead_tuple_bytes"),
    ("pg_stat_progress_vacuum", "indexes_total"),
    ("pg_stat_progress_vacuum", "indexes_processed"),
    ("pg_backend_memory_contexts", "path"),
    ("pg_backend_memory_contexts", "type"),
    ("pg_hba_file_rules", "rule_number"),
    ("pg_hba_file_rules", "file_name"),
    ("pg_stat_wal", "wal_write"),
    ("pg_locks", "waitstart"),
    ("pg_index", "indnullsnotdistinct"),
    ("pg_subscription", "subpasswordrequired"),
    ("pg_subscription", "subrunasowner"),
    ("pg_subscription", "subfailover"),
    ("pg_subscription", "suborigin"),
];

impl Builtin {
    /// The data, read once.
    pub fn get() -> &'static Builtin {
        static DATA: OnceLock<Builtin> = OnceLock::new();
        DATA.get_or_init(|| Builtin::read(include_str!("builtin/catalog.txt")))
    }

    fn read(text: &'static str) -> Self {
        let mut out = Builtin { relations: FxHashMap::default(), functions: FxHashMap::default(), types: FxHashMap::default() };
        for line in text.lines() {
            let mut words = line.split(' ');
            match words.next() {
                Some("r") => {
                    let Some((schema, name)) = words.next().and_then(|n| n.split_once('.')) else { continue };
                    let view = words.next() == Some("v");
                    let columns = words.filter_map(|w| w.split_once(':')).collect();
                    out.relations.entry(schema).or_default().insert(name, Relation { schema, name, view, columns });
                }
                Some("f") => {
                    let (Some(name), Some(arguments), Some(result)) = (words.next(), words.next(), words.next()) else { continue };
                    let function = Self::function(arguments, result, words.filter_map(|w| w.split_once(':')).collect());
                    out.functions.entry(name).or_default().push(function);
                }
                Some("t") => {
                    if let (Some(name), Some(category)) = (words.next(), words.next().and_then(|c| c.chars().next())) {
                        out.types.insert(name, category);
                    }
                }
                _ => {}
            }
        }
        out
    }

    fn function(arguments: &'static str, result: &'static str, outs: Vec<(&'static str, &'static str)>) -> Function {
        let any_row = arguments.ends_with('!');
        let arguments = arguments.trim_end_matches('!');
        let variadic = arguments.ends_with('*');
        let (least, most) = arguments.trim_end_matches('*').split_once('-').unwrap_or(("0", "0"));
        Function { least: least.parse().unwrap_or(0), most: most.parse().unwrap_or(0), variadic, any_row, result: result.trim_end_matches('+'), outs }
    }

    /// The relation of that name; without a schema, one of `pg_catalog`.
    pub fn relation(&self, schema: Option<&str>, name: &str) -> Option<&Relation> {
        self.relations.get(schema.unwrap_or("pg_catalog"))?.get(name)
    }

    /// Whether a relation is known without its columns.
    pub fn is_open(name: &str) -> bool {
        OPEN.contains(&name)
    }

    /// Whether a version after the one the data comes from has that column.
    pub fn is_newer_column(relation: &str, column: &str) -> bool {
        NEWER.contains(&(relation, column))
    }

    /// All forms of a function.
    pub fn functions(&self, name: &str) -> &[Function] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a type of that internal name exists (`int4`, `text`).
    pub fn has_type(&self, name: &str) -> bool {
        self.types.contains_key(name)
    }
}
