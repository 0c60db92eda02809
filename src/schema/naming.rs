//! How PostgreSQL puts names together for what has none: `makeObjectName` (`src/backend/commands/indexcmds.c`).

use super::Relation;

/// `NAMEDATALEN - 1`, in bytes.
const LIMIT: usize = 63;

/// `name1_name2_label`, with the longer name shortened until it fits.
pub(crate) fn object_name(name1: &str, name2: &str, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(!name2.is_empty());
    let available = LIMIT.saturating_sub(overhead);
    let (mut one, mut two) = (name1.len(), name2.len());
    while one + two > available {
        if one > two { one -= 1 } else { two -= 1 }
    }
    let (one, two) = (clip(name1, one), clip(name2, two));
    if two.is_empty() { format!("{one}_{label}") } else { format!("{one}_{two}_{label}") }
}

/// No more than that many bytes, whole characters only.
pub(crate) fn clip(name: &str, mut bytes: usize) -> &str {
    bytes = bytes.min(name.len());
    while !name.is_char_boundary(bytes) {
        bytes -= 1;
    }
    &name[..bytes]
}

/// The name a primary key gets by itself.
pub(crate) fn primary_key_name(table: &str) -> String {
    object_name(table, "", "pkey")
}

impl Relation {
    /// The name of the primary key constraint.
    pub(crate) fn primary_key_constraint(&self, table: &str) -> String {
        self.primary_key_name.clone().unwrap_or_else(|| primary_key_name(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_shortened_as_postgresql_does() {
        let (a, b) = ("a".repeat(60), "b".repeat(60));
        assert_eq!(object_name("orders", "customer_id", "fkey"), "orders_customer_id_fkey");
        assert_eq!(object_name(&a, "", "pkey"), format!("{}_pkey", "a".repeat(58)));
        assert_eq!(object_name(&a, &b, "fkey"), format!("{}_{}_fkey", "a".repeat(29), "b".repeat(28)));
        assert_eq!(object_name(&"é".repeat(40), "", "pkey"), format!("{}_pkey", "é".repeat(29)));
    }
}
